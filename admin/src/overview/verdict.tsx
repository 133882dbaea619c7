import { Link } from "@tanstack/react-router";
import type { Overview } from "../api/types.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { Time } from "../parts/time.tsx";
import { strings } from "../strings.ts";
import styles from "./overview.module.css";

const t = strings.overview;

type Level = Overview["mail"]["level"];

const icons: Record<Level, IconName> = { good: "check", warn: "warning", bad: "cross", none: "question" };

/** Whether mail works now: one sentence with its reason, and what is known beside it. */
export function Verdict({ overview }: { overview: Overview }) {
  const { mail, waiting, oldestWaiting, lastSentAt } = overview;
  return (
    <section className={`${styles.verdict} ${styles[mail.level]}`} aria-label={t.verdict}>
      <span className={styles.mark} role="img" aria-label={t.levels[mail.level]}>
        <Icon name={icons[mail.level]} size={22} />
      </span>
      <div className={styles.words}>
        <h2 role="status">{mail.sentence}</h2>
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
          <li>{t.waiting(waiting)}</li>
          {oldestWaiting !== null && (
            <li>
              {t.oldest}{" "}
              <Link to="/emails/$id" params={{ id: oldestWaiting.id }}>
                {oldestWaiting.subject === "" ? strings.emails.noSubject : oldestWaiting.subject}
              </Link>
              {", "}
              <Time iso={oldestWaiting.createdAt} />
            </li>
          )}
        </ul>
      </div>
      {mail.level !== "good" && (
        <Link className={styles.mend} to="/settings/smtp">
          {t.toSettings}
        </Link>
      )}
    </section>
  );
}
