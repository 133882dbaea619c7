import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { emailQuery } from "../../emails/api.ts";
import { StateBadge } from "../../emails/state-badge.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { sessionQuery } from "../../session/session.ts";
import * as shared from "../../strings.ts";
import { overviewQuery, sendFirstEmail } from "../api.ts";
import * as t from "./strings.ts";
import styles from "./welcome.module.css";

/** The first email, to the admin's own address, and the sight of its arrival. */
export function SendFirst({ isSandbox, onDone }: { isSandbox: boolean; onDone: () => void }) {
  const queries = useQueryClient();
  const { data: me } = useQuery(sessionQuery);
  const to = me?.email ?? t.sendNobody;
  const sending = useMutation({
    mutationFn: () => sendFirstEmail(to, { subject: t.sendSubject, text: t.sendText }),
    onSuccess: () => queries.invalidateQueries({ queryKey: overviewQuery.queryKey }),
  });
  if (sending.data !== undefined) return <Sent id={sending.data} isSandbox={isSandbox} onDone={onDone} />;
  return (
    <>
      <p className={styles.hint}>{isSandbox ? t.sendHintSandbox(to) : t.sendHint(to)}</p>
      <div className={styles.actions}>
        <Button loading={sending.isPending} onClick={() => sending.mutate()}>
          {t.sendIt}
        </Button>
      </div>
      {sending.error !== null && <ProblemNotice error={sending.error} />}
    </>
  );
}

interface SentProps {
  readonly id: string;
  readonly isSandbox: boolean;
  readonly onDone: () => void;
}

function Sent({ id, isSandbox, onDone }: SentProps) {
  const { data: email } = useQuery(emailQuery(id));
  const queries = useQueryClient();
  const state = email?.state ?? "queued";
  const isSent = state === "sent";
  const isCaptured = email?.captured ?? isSandbox;
  useEffect(() => {
    if (isSent) void queries.invalidateQueries({ queryKey: overviewQuery.queryKey });
  }, [isSent, queries]);
  return (
    <>
      <p className={styles.hint} role="status">
        <StateBadge state={state} captured={email?.captured ?? false} />{" "}
        {isSent
          ? isCaptured
            ? t.sendArrived
            : t.sendHandedOver
          : state === "queued" || state === "sending"
            ? t.sendUnderWay
            : shared.emailStateMeanings[state]}
      </p>
      <div className={styles.actions}>
        {isSent && isCaptured ? (
          <Button renderRoot={(props) => <Link to="/sandbox" {...props} />}>{t.sendSeeSandbox}</Button>
        ) : (
          <Button
            variant={isSent ? "filled" : "default"}
            renderRoot={(props) => <Link to="/emails/$id" params={{ id }} {...props} />}
          >
            {t.sendSeeEmail}
          </Button>
        )}
        {isSent && (
          <Button variant="default" onClick={onDone}>
            {t.sendToOverview}
          </Button>
        )}
      </div>
    </>
  );
}
