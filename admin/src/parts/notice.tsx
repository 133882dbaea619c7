import type { ReactNode } from "react";
import { ApiProblem } from "../api/problem.ts";
import { Icon, type IconName } from "./icon.tsx";
import styles from "./notice.module.css";

type Tone = "bad" | "warn" | "good" | "info";

const icons: Record<Tone, IconName> = { bad: "cross", warn: "warning", good: "check", info: "info" };

interface NoticeProps {
  readonly tone: Tone;
  readonly title: ReactNode;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** Something to know or do, in words. A bad one is read out at once. */
export function Notice({ tone, title, children, actions }: NoticeProps) {
  return (
    <div className={`${styles.notice} ${styles[tone]}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={icons[tone]} />
      <div className={styles.title}>{title}</div>
      {children !== undefined && children !== null && <div className={styles.body}>{children}</div>}
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

/** What went wrong and the remedy, as the server worded them. */
export function ProblemNotice({ error, actions }: { error: unknown; actions?: ReactNode }) {
  if (!(error instanceof ApiProblem)) {
    return (
      <Notice tone="bad" title={error instanceof Error ? error.message : String(error)} actions={actions} />
    );
  }
  return (
    <Notice tone="bad" title={error.title} actions={actions}>
      {error.message === error.title ? undefined : error.message}
    </Notice>
  );
}
