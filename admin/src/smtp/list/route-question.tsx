import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { faultAt } from "../../api/problem.ts";
import type { RouteAnswer } from "../../api/types.ts";
import { Badge } from "../../parts/badge.tsx";
import type { IconName } from "../../parts/icon.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card } from "../../parts/page.tsx";
import { Time } from "../../parts/time.tsx";
import { askRoute } from "../api.ts";
import styles from "./route-question.module.css";
import * as t from "./strings.ts";

/** Asks which config sends an email, and shows why: with several, that is not plain to see. */
export function RouteQuestion() {
  const [from, setFrom] = useState("");
  const asking = useMutation({ mutationFn: askRoute });
  const fault = faultAt(asking.error, "/from");

  function ask(event: SubmitEvent) {
    event.preventDefault();
    if (from.trim() !== "") asking.mutate(from.trim());
  }

  return (
    <Card title={t.routeTitle} className={styles.card}>
      <form className={styles.form} onSubmit={ask}>
        <p className={styles.lead}>{t.routeLead}</p>
        <TextInput
          className={styles.address}
          label={t.routeFrom}
          placeholder="orders@example.com"
          inputMode="email"
          value={from}
          onChange={(event) => {
            setFrom(event.currentTarget.value);
            // An answer is about the address that stands above it.
            asking.reset();
          }}
          error={fault}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
        <Button className={styles.ask} type="submit" variant="default" loading={asking.isPending}>
          {t.routeAsk}
        </Button>
      </form>
      {asking.error !== null && fault === undefined && <ProblemNotice error={asking.error} />}
      <div role="status">{asking.data !== undefined && <Answer answer={asking.data} />}</div>
    </Card>
  );
}

function Answer({ answer: { decision, candidates } }: { answer: RouteAnswer }) {
  return (
    <div className={styles.answer}>
      <p className={styles.decision}>
        {decision.kind === "wait" && decision.until !== null ? (
          <>
            {t.routeWaits(decision.config.name)}, {t.routeNextTry} <Time iso={decision.until} />.
          </>
        ) : (
          decision.sentence
        )}
      </p>
      {candidates.length > 0 && (
        <ol className={styles.candidates} aria-label={t.routeOrder}>
          {candidates.map((candidate) => (
            <CandidateRow key={candidate.id} candidate={candidate} />
          ))}
        </ol>
      )}
    </div>
  );
}

type Candidate = RouteAnswer["candidates"][number];

const appearances: Record<Candidate["state"], { tone: "good" | "warn" | "bad" | "quiet"; icon: IconName }> = {
  available: { tone: "good", icon: "check" },
  paused: { tone: "warn", icon: "clock" },
  limit: { tone: "warn", icon: "clock" },
  unusable: { tone: "bad", icon: "lock" },
  off: { tone: "quiet", icon: "dash" },
};

function CandidateRow({ candidate }: { candidate: Candidate }) {
  const { name, sendsAs, replyTo, state, until, reason } = candidate;
  const [answers] = replyTo;
  const isLeftOut = state === "off" || state === "unusable";
  const facts = isLeftOut ? [] : [t.routeSendsAs(sendsAs.address)];
  if (!isLeftOut && answers !== undefined) facts.push(t.routeReplies(answers.address));
  return (
    <li className={styles.candidate}>
      <span className={styles.head}>
        <strong>{name}</strong>
        <Badge {...appearances[state]}>
          {state === "paused" && until === null ? t.routeTried : t.routeStates[state]}
          {until !== null && (
            <>
              , {state === "limit" ? t.stateNextEmail : t.routeNextTry} <Time iso={until} />
            </>
          )}
        </Badge>
      </span>
      {facts.length > 0 && <span className={styles.facts}>{facts.join(" · ")}</span>}
      {reason !== null && <span className={styles.facts}>{reason}</span>}
    </li>
  );
}
