import { Link } from "@tanstack/react-router";
import type { Attempt } from "../../api/types.ts";
import { formatDuration } from "../../parts/format.ts";
import { Icon, type IconName } from "../../parts/icon.tsx";
import { Time } from "../../parts/time.tsx";
import * as shared from "../../strings.ts";
import styles from "../emails.module.css";
import { replyWords } from "./reply.ts";
import * as t from "./strings.ts";

const appearances: Record<Attempt["outcome"], { tone: "good" | "bad" | "warn"; icon: IconName }> = {
  sent: { tone: "good", icon: "check" },
  partial: { tone: "warn", icon: "half" },
  temporary: { tone: "warn", icon: "clock" },
  permanent: { tone: "bad", icon: "cross" },
  config: { tone: "bad", icon: "settings" },
  unknown: { tone: "warn", icon: "question" },
  withheld: { tone: "warn", icon: "lock" },
};

/** The stages at which no message can be to blame: what failed there is mended in the config. */
const onTheWay: ReadonlySet<Attempt["stage"]> = new Set([
  "resolve",
  "connect",
  "greeting",
  "ehlo",
  "starttls",
  "tls",
  "auth",
]);

/** What was tried, the latest first: of that, the explanation is open. */
export function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  if (attempts.length === 0) return <p className={styles.none}>{t.noAttempts}</p>;
  return (
    <ol className={styles.attempts} reversed>
      {attempts.toReversed().map((attempt, index) => (
        <AttemptItem key={attempt.at} attempt={attempt} isLatest={index === 0} />
      ))}
    </ol>
  );
}

function AttemptItem({ attempt, isLatest }: { attempt: Attempt; isLatest: boolean }) {
  const { tone, icon } = attempt.captured
    ? ({ tone: "warn", icon: "sandbox" } as const)
    : appearances[attempt.outcome];
  const reply = replyWords(attempt);
  const way = [
    // The sentence about the way names it too.
    attempt.config === null || attempt.route !== null ? null : t.through(attempt.config),
    attempt.relayAddress,
    attempt.tls,
    attempt.outcome === "sent" || attempt.stage === null ? null : t.atStage(shared.stages[attempt.stage]),
    formatDuration(attempt.durationMs),
  ].filter((part) => part !== null);
  return (
    <li className={styles.attempt}>
      <span className={styles[tone]}>
        <Icon name={icon} />
      </span>
      <span className={styles.outcome}>
        {attempt.captured ? t.capturedAttempt : t.outcomes[attempt.outcome]}
      </span>
      <span className={styles.when}>
        <Time iso={attempt.at} />
      </span>
      <p className={styles.detail}>{way.join(" · ")}</p>
      {attempt.route !== null && <p className={styles.detail}>{attempt.route.sentence}</p>}
      {attempt.problem !== null && (
        <Explanation attempt={attempt} problem={attempt.problem} isOpen={isLatest} />
      )}
      {reply !== null && <p className={`${styles.detail} ${styles.reply}`}>{reply}</p>}
      {attempt.copy !== null && <p className={styles.detail}>{copyWords(attempt.copy)}</p>}
      {attempt.possibleDuplicate && <p className={styles.detail}>{t.duplicateAttempt}</p>}
    </li>
  );
}

function copyWords({ address, outcome, code, reply }: NonNullable<Attempt["copy"]>): string {
  if (outcome === "sent") return t.copySent(address);
  const words = [code, reply].filter((part) => part !== null).join(" ");
  return t.copyFailed(address, words || t.copyUnknown);
}

interface ExplanationProps {
  readonly attempt: Attempt;
  readonly problem: NonNullable<Attempt["problem"]>;
  readonly isOpen: boolean;
}

function Explanation({ attempt, problem, isOpen }: ExplanationProps) {
  const { outcome, stage, config, configId } = attempt;
  const isOfConfig = outcome === "config" || onTheWay.has(stage);
  return (
    <details className={styles.explanation} open={isOpen}>
      <summary>{problem.title}</summary>
      <p>{problem.explanation}</p>
      <p>
        <span className={styles.remedyLead}>{shared.remedyLead}</span> {problem.remedy}
      </p>
      {isOfConfig && configId !== null && config !== null && (
        <p>
          <Link to="/settings/smtp/$id" params={{ id: configId }}>
            {t.openConfig(config)}
          </Link>
        </p>
      )}
    </details>
  );
}
