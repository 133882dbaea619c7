import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { ApiProblem } from "../api/problem.ts";
import type { SandboxEmailSummary } from "../api/types.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Icon } from "../parts/icon.tsx";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Empty, Page, SkeletonRows } from "../parts/page.tsx";
import { Time } from "../parts/time.tsx";
import * as shared from "../strings.ts";
import { clearInbox, inboxQuery } from "./api.ts";
import { CaughtEmail } from "./caught-email.tsx";
import styles from "./sandbox.module.css";
import * as t from "./strings.ts";

/** What the sandbox caught. With an `id` in the address, that email beside the list. */
export function InboxPage() {
  const { id } = useParams({ strict: false });
  const inbox = useQuery(inboxQuery);
  const count = inbox.data?.length ?? 0;
  return (
    <Page
      title={t.title}
      lead={t.lead}
      {...(id === undefined ? {} : { back: { label: t.back, to: "/sandbox" } as const })}
      actions={count > 0 && <ClearButton count={count} />}
    >
      {inbox.data === undefined ? (
        <Unloaded error={inbox.error} />
      ) : inbox.data.length === 0 && id === undefined ? (
        <Card>
          <Empty title={t.emptyTitle}>
            <p>{t.empty}</p>
            <Link to="/settings/smtp">{t.goToSettings}</Link>
          </Empty>
        </Card>
      ) : (
        <div className={`${styles.layout} ${id === undefined ? "" : styles.withEmail}`}>
          <Card>
            <EmailList emails={inbox.data} />
          </Card>
          <Card>
            {id === undefined ? <p className={styles.choose}>{t.choose}</p> : <CaughtEmail id={id} />}
          </Card>
        </div>
      )}
    </Page>
  );
}

function Unloaded({ error }: { error: Error | null }) {
  if (error === null) {
    return (
      <Card>
        <SkeletonRows />
      </Card>
    );
  }
  if (error instanceof ApiProblem && error.code === "sandbox.unavailable") {
    return (
      <Card>
        <Empty title={t.off}>
          <p>{error.message}</p>
        </Empty>
      </Card>
    );
  }
  return <ProblemNotice error={error} />;
}

function EmailList({ emails }: { emails: readonly SandboxEmailSummary[] }) {
  return (
    <ul className={styles.list}>
      {emails.map((email) => (
        <li key={email.id} className={styles.item}>
          <Link className={styles.link} to="/sandbox/$id" params={{ id: email.id }}>
            <span className={styles.who}>{email.to.join(", ")}</span>
            <span className={styles.when}>
              <Time iso={email.receivedAt} />
            </span>
            <span className={styles.subject}>{email.subject === "" ? shared.noSubject : email.subject}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function ClearButton({ count }: { count: number }) {
  const [asking, ask] = useState(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const clearing = useMutation({
    mutationFn: clearInbox,
    onSuccess: async () => {
      ask(false);
      await navigate({ to: "/sandbox" });
      await queries.invalidateQueries({ queryKey: inboxQuery.queryKey });
    },
  });
  return (
    <>
      <Button variant="default" leftSection={<Icon name="trash" size={16} />} onClick={() => ask(true)}>
        {t.clear}
      </Button>
      <Confirm
        opened={asking}
        title={t.clearTitle}
        confirm={t.clearConfirm}
        busy={clearing.isPending}
        error={clearing.error}
        onConfirm={() => clearing.mutate()}
        onClose={() => ask(false)}
      >
        {t.clearBody(count)}
      </Confirm>
    </>
  );
}
