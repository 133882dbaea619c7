import type { ReactNode } from "react";
import type { Email } from "../../api/types.ts";
import { Time } from "../../parts/time.tsx";
import styles from "../emails.module.css";
import * as t from "./strings.ts";

export function EmailFacts({ email }: { email: Email }) {
  const facts: (readonly [label: string, value: ReactNode] | null)[] = [
    [t.from, email.from === null ? t.fromConfig : mailbox(email.from)],
    [t.accepted, <Time key="accepted" iso={email.createdAt} />],
    email.sentAt === null ? null : [t.sentAt, <Time key="sent" iso={email.sentAt} />],
    email.finishedAt === null ? [t.expires, <Time key="expires" iso={email.expiresAt} />] : null,
    email.template === null ? null : [t.template, email.template],
    email.tags.length === 0 ? null : [t.tags, email.tags.join(", ")],
    email.priority === "normal" ? null : [t.priority, t.priorities[email.priority]],
    [t.messageId, email.messageId],
    [t.id, email.id],
  ];
  return (
    <dl className={styles.facts}>
      {facts
        .filter((fact) => fact !== null)
        .map(([label, value]) => (
          <Fact key={label} label={label} value={value} />
        ))}
    </dl>
  );
}

function Fact({ label, value }: { label: string; value: ReactNode }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </>
  );
}

function mailbox({ name, address }: NonNullable<Email["from"]>): string {
  return name === null ? address : `${name} <${address}>`;
}
