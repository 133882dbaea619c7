import { Link } from "@tanstack/react-router";
import type { Overview } from "../api/types.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { Time } from "../parts/time.tsx";
import * as shared from "../strings.ts";
import styles from "./overview.module.css";
import { queueWords } from "./queue-words.ts";
import * as t from "./strings.ts";

type Level = Overview["mail"]["level"];

const icons: Record<Level, IconName> = { good: "check", warn: "warning", bad: "cross", none: "question" };

/** An email that is younger is not worth a name. */
const noticeableMs = 60_000;

/** Whether the sentence names the issue already. */
export function isNamed({ mail }: Overview, { reason }: Overview["concerns"][number]): boolean {
  return mail.sentence.endsWith(reason);
}

/** Whether mail works now: one sentence with its reason, and what is known beside it. */
export function MailStatus({ overview }: { overview: Overview }) {
  const { mail, queue, oldestWaiting, lastSentAt } = overview;
  const now = Date.now();
  const named = overview.concerns.find((issue) => isNamed(overview, issue));
  return (
    <section className={`${styles.status} ${styles[mail.level]}`} aria-label={t.mailStatus}>
      <span className={styles.mark} role="img" aria-label={t.levels[mail.level]}>
        <Icon name={icons[mail.level]} size={22} />
      </span>
      <div className={styles.words}>
        <div role="status">
          <h2>{mail.sentence}</h2>
        </div>
        <ul className={styles.facts}>
          <li>
            {lastSentAt === null ? (
              t.nothingSent
            ) : (
              <>
                {t.lastSent} <Time iso={lastSentAt} />
              </>
            )}
          </li>
          <li>{queueWords(queue, now)}</li>
          {oldestWaiting !== null && now - Date.parse(oldestWaiting.createdAt) >= noticeableMs && (
            <li>
              {t.longest}{" "}
              <Link to="/emails/$id" params={{ id: oldestWaiting.id }}>
                {oldestWaiting.subject === "" ? shared.noSubject : oldestWaiting.subject}
              </Link>
              {t.acceptedAt} <Time iso={oldestWaiting.createdAt} />
            </li>
          )}
        </ul>
      </div>
      {mail.level !== "good" && (
        <Link
          className={styles.repair}
          {...(named === undefined
            ? { to: "/settings/smtp" }
            : { to: "/settings/smtp/$id", params: { id: named.configId } })}
        >
          {t.toSettings}
        </Link>
      )}
    </section>
  );
}
