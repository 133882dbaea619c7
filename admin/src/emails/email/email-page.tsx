import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { ApiProblem } from "../../api/problem.ts";
import type { Email } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Notice, ProblemNotice } from "../../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../../parts/page.tsx";
import { Time } from "../../parts/time.tsx";
import { NotFound } from "../../shell/stray-pages.tsx";
import * as shared from "../../strings.ts";
import { cancelEmail, emailQuery, resendEmail, retryEmail } from "../api.ts";
import styles from "../emails.module.css";
import { StateBadge } from "../state-badge.tsx";
import { isRetryable, testEmailTemplate } from "../states.ts";
import * as page from "../strings.ts";
import { Attempts } from "./attempts.tsx";
import { EmailContent } from "./email-content.tsx";
import { EmailFacts } from "./email-facts.tsx";
import { Recipients } from "./recipients.tsx";
import * as t from "./strings.ts";

const back = { label: t.back, to: "/emails" } as const;

export function EmailPage() {
  const { id } = useParams({ from: "/shell/emails/$id" });
  const { data: email, error } = useQuery(emailQuery(id));
  if (email === undefined) {
    if (error instanceof ApiProblem && error.status === 404) return <NotFound />;
    return (
      <Page title={page.title} back={back}>
        {error === null ? (
          <Card>
            <SkeletonRows />
          </Card>
        ) : (
          <ProblemNotice error={error} />
        )}
      </Page>
    );
  }
  return (
    <Page
      title={email.subject === "" ? shared.noSubject : email.subject}
      back={back}
      lead={<Summary email={email} />}
      actions={<Actions email={email} />}
    >
      {email.possibleDuplicate && (
        <div className={styles.notices}>
          <Notice tone="warn" title={t.duplicate} />
        </div>
      )}
      <div className={styles.layout}>
        <div className={styles.column}>
          <EmailContent email={email} />
        </div>
        <div className={styles.column}>
          <Card title={t.recipients}>
            <Recipients recipients={email.recipients} captured={email.captured} />
          </Card>
          <Card title={t.attempts}>
            <Attempts attempts={email.attempts} />
          </Card>
          <Card title={t.facts}>
            <EmailFacts email={email} />
          </Card>
        </div>
      </div>
    </Page>
  );
}

function Summary({ email: { state, captured, nextAttemptAt } }: { email: Email }) {
  return (
    <span className={styles.summary} role="status">
      <StateBadge state={state} captured={captured} />
      {captured && state === "sent" ? shared.captured : shared.emailStateMeanings[state]}
      {state === "queued" && nextAttemptAt !== null && (
        <span>
          {t.nextTry} <Time iso={nextAttemptAt} />
        </span>
      )}
    </span>
  );
}

/** The texts of trying again; null where there is nothing to try or nothing left to send. */
function retryWords({
  state,
  sensitive,
  template,
}: Email): { button: string; title: string; body: string } | null {
  if (state === "queued") return { button: t.sendNow, title: t.sendNowTitle, body: t.sendNowBody };
  if (sensitive || template === testEmailTemplate || !isRetryable(state)) return null;
  return { button: t.retry, title: t.retryTitle, body: state === "unknown" ? t.retryUnknown : t.retryBody };
}

/** Whether a recipient got the email, so it can be resent. */
function canResend({ state, sensitive, template }: Email): boolean {
  return (state === "sent" || state === "partial") && !sensitive && template !== testEmailTemplate;
}

function Actions({ email }: { email: Email }) {
  const [asking, ask] = useState<"retry" | "cancel" | "resend" | null>(null);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const acting = useMutation({
    mutationFn: (act: (id: string) => Promise<void>) => act(email.id),
    onSuccess: () => ask(null),
    // Also after a refusal: the state is another than the page showed.
    onSettled: () => queries.invalidateQueries({ queryKey: ["emails"] }),
  });
  const retry = retryWords(email);
  const mayResend = canResend(email);
  async function resend(id: string) {
    const copy = await resendEmail(id);
    await navigate({ to: "/emails/$id", params: { id: copy } });
  }
  function close() {
    ask(null);
    acting.reset();
  }
  return (
    <>
      {retry !== null && (
        <Button variant="default" leftSection={<Icon name="retry" size={16} />} onClick={() => ask("retry")}>
          {retry.button}
        </Button>
      )}
      {mayResend && (
        <Button variant="default" leftSection={<Icon name="mail" size={16} />} onClick={() => ask("resend")}>
          {t.resend}
        </Button>
      )}
      {email.state === "queued" && (
        <Button variant="default" color="bad" onClick={() => ask("cancel")}>
          {t.cancel}
        </Button>
      )}
      {retry !== null && (
        <Confirm
          opened={asking === "retry"}
          title={retry.title}
          confirm={retry.button}
          destroys={false}
          busy={acting.isPending}
          error={acting.error}
          onConfirm={() => acting.mutate(retryEmail)}
          onClose={close}
        >
          {retry.body}
        </Confirm>
      )}
      {mayResend && (
        <Confirm
          opened={asking === "resend"}
          title={t.resendTitle}
          confirm={t.resend}
          destroys={false}
          busy={acting.isPending}
          error={acting.error}
          onConfirm={() => acting.mutate(resend)}
          onClose={close}
        >
          {t.resendBody(email.recipients.length)}
        </Confirm>
      )}
      <Confirm
        opened={asking === "cancel"}
        title={t.cancelTitle}
        confirm={t.cancel}
        keep={t.cancelKeep}
        busy={acting.isPending}
        error={acting.error}
        onConfirm={() => acting.mutate(cancelEmail)}
        onClose={close}
      >
        {t.cancelBody}
      </Confirm>
    </>
  );
}
