import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Email } from "../../api/types.ts";
import { Time } from "../../parts/time.tsx";
import styles from "../emails.module.css";
import * as page from "../strings.ts";
import * as t from "./strings.ts";

export function EmailFacts({ email }: { email: Email }) {
  const facts: (readonly [label: string, value: ReactNode] | null)[] = [
    [t.from, email.from === null ? t.fromConfig : mailbox(email.from)],
    [t.accepted, <Time key="accepted" iso={email.createdAt} />],
    email.sentAt === null ? null : [t.sentAt, <Time key="sent" iso={email.sentAt} />],
    email.finishedAt === null ? [t.expires, <Time key="expires" iso={email.expiresAt} />] : null,
    email.config === null ? null : [t.askedConfig, <AskedConfig key="config" config={email.config} />],
    email.template === null ? null : [t.template, email.template],
    email.tags.length === 0 ? null : [t.tags, email.tags.join(", ")],
    email.priority === "normal" ? null : [t.priority, t.priorities[email.priority]],
    email.resentFrom === null
      ? null
      : [
          t.resentFrom,
          <Link key="resentFrom" to="/emails/$id" params={{ id: email.resentFrom }}>
            {t.earlierEmail}
          </Link>,
        ],
    email.resends.length === 0 ? null : [t.resends, <Resends key="resends" resends={email.resends} />],
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

function AskedConfig({ config: { id, name, fallback } }: { config: NonNullable<Email["config"]> }) {
  const words = (fallback ? t.askedFirst : t.askedOnly)(name ?? id);
  if (name === null) return words;
  return (
    <Link to="/settings/smtp/$id" params={{ id }}>
      {words}
    </Link>
  );
}

function Resends({ resends }: Pick<Email, "resends">) {
  return (
    <ul className={styles.resends}>
      {resends.map(({ id, state, createdAt }) => (
        <li key={id}>
          <Link to="/emails/$id" params={{ id }}>
            {page.states[state]}, <Time iso={createdAt} />
          </Link>
        </li>
      ))}
    </ul>
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
