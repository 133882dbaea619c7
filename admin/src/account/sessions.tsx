import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Session } from "../api/types.ts";
import { Badge } from "../parts/badge.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, SkeletonRows } from "../parts/page.tsx";
import { Time } from "../parts/time.tsx";
import styles from "./account.module.css";
import { endOtherSessions, sessionsQuery } from "./api.ts";
import * as t from "./strings.ts";

/** Where the admin is signed in, and the way out of everywhere else. */
export function Sessions() {
  const { data: sessions, error } = useQuery(sessionsQuery);
  return (
    <Card title={t.sessions} className={styles.card}>
      {sessions === undefined ? (
        error === null ? (
          <SkeletonRows rows={2} />
        ) : (
          <ProblemNotice error={error} />
        )
      ) : (
        <>
          <ul className={styles.sessions}>
            {sessions.map((session) => (
              <Item key={session.id} session={session} />
            ))}
          </ul>
          <div className={styles.elsewhere}>
            {sessions.length > 1 ? <SignOutElsewhere /> : <p className={styles.hint}>{t.onlyHere}</p>}
          </div>
        </>
      )}
    </Card>
  );
}

function Item({ session: { browser, system, signedInAt, seenAt, isCurrent } }: { session: Session }) {
  return (
    <li className={styles.session}>
      <span className={styles.device}>
        {t.device(browser ?? t.unknownBrowser, system ?? t.unknownDevice)}
        {isCurrent && (
          <Badge tone="good" icon="check">
            {t.thisOne}
          </Badge>
        )}
      </span>
      <span className={styles.hint}>
        {t.since} <Time iso={signedInAt} />
        {!isCurrent && (
          <>
            {", "}
            {t.seen} <Time iso={seenAt} />
          </>
        )}
      </span>
    </li>
  );
}

function SignOutElsewhere() {
  const [asking, ask] = useState(false);
  const queries = useQueryClient();
  const ending = useMutation({
    mutationFn: endOtherSessions,
    onSuccess: async () => {
      ask(false);
      await queries.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    },
  });
  return (
    <>
      <Button variant="default" onClick={() => ask(true)}>
        {t.signOutElsewhere}
      </Button>
      <Confirm
        opened={asking}
        title={t.signOutElsewhereTitle}
        confirm={t.signOutElsewhere}
        busy={ending.isPending}
        error={ending.error}
        onConfirm={() => ending.mutate()}
        onClose={() => ask(false)}
      >
        {t.signOutElsewhereBody}
      </Confirm>
    </>
  );
}
