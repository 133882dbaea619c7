import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef } from "react";
import type { Overview, SmtpConfig } from "../../api/types.ts";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, SkeletonRows } from "../../parts/page.tsx";
import { configsQuery } from "../../smtp/api.ts";
import { usedConfig } from "../../smtp/list/config-status.tsx";
import { ChooseRelay } from "./choose-relay.tsx";
import { SendFirst } from "./send-first.tsx";
import * as t from "./strings.ts";
import { TestRelay } from "./test-relay.tsx";
import styles from "./welcome.module.css";

interface WelcomeProps {
  readonly overview: Overview;
  readonly onDone: () => void;
}

/** From nothing to the first email in three steps. How far it got is read off the service itself. */
export function Welcome({ overview, onDone }: WelcomeProps) {
  const { data: configs, error } = useQuery(configsQuery);
  if (configs === undefined) {
    return <Card>{error === null ? <SkeletonRows /> : <ProblemNotice error={error} />}</Card>;
  }
  const config = usedConfig(configs) ?? configs[0] ?? null;
  return <Steps config={config} overview={overview} onDone={onDone} />;
}

function Steps({ config, overview, onDone }: WelcomeProps & { config: SmtpConfig | null }) {
  const isTested = config?.lastTest?.ok === true;
  const isSent = overview.lastSentAt !== null;
  const current = config === null ? 1 : isSent ? 4 : isTested ? 3 : 2;
  return (
    <Card>
      <ol className={styles.steps}>
        <Step number={1} current={current} title={t.chooseTitle} done={config?.name ?? null}>
          <ChooseRelay sandboxPort={overview.sandboxPort} />
        </Step>
        <Step number={2} current={current} title={t.testTitle} done={isTested ? t.testDone : null}>
          {config !== null && <TestRelay config={config} />}
        </Step>
        <Step number={3} current={current} title={t.sendTitle} done={null} keepsOpen>
          {config !== null && (
            <SendFirst
              isSandbox={config.smtpPort === overview.sandboxPort && config.smtpServer === "127.0.0.1"}
              onDone={onDone}
            />
          )}
        </Step>
      </ol>
    </Card>
  );
}

interface StepProps {
  readonly number: number;
  /** The step that is to be done now. */
  readonly current: number;
  readonly title: string;
  /** What came of it; null for no words of its own. */
  readonly done: string | null;
  /** Its contents also tell how it ended. */
  readonly keepsOpen?: boolean;
  readonly children: ReactNode;
}

function Step({ number, current, title, done, keepsOpen = false, children }: StepProps) {
  const isDone = number < current;
  const isOpen = number === current || (keepsOpen && isDone);
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(current);
  useEffect(() => {
    if (shown.current === current) return;
    shown.current = current;
    // The button of the step before is gone, and the focus with it.
    if (number === current) heading.current?.focus();
  }, [current, number]);
  return (
    <li
      className={styles.step}
      data-state={isDone ? "done" : isOpen ? "open" : "later"}
      aria-current={number === current ? "step" : undefined}
    >
      <span className={styles.number}>{isDone ? <Icon name="check" size={16} /> : number}</span>
      <div className={styles.what}>
        <h2 ref={heading} tabIndex={-1}>
          {title}
          {isDone && <span className={styles.done}>{done ?? t.done}</span>}
        </h2>
        {isOpen && children}
      </div>
    </li>
  );
}
