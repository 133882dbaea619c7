import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import type { Settings } from "../api/types.ts";
import { CodeBlock } from "../parts/code-block.tsx";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import { Card } from "../parts/page.tsx";
import { UnsavedGuard } from "../parts/unsaved-guard.tsx";
import { strings } from "../strings.ts";
import { testWebhook } from "./api.ts";
import { useWatching } from "./use-watching.ts";
import styles from "./watching.module.css";

const t = strings.watching.webhook;
const common = strings.watching;

/** Where events go, what they are signed with, and whether they arrive. */
export function WebhookForm({ saved }: { saved: Settings }) {
  const [url, setUrl] = useState<string | null>(null);
  /** Held nowhere but here. */
  const [secret, setSecret] = useState<string | null>(null);
  const { form, saving, faults, error } = useWatching(saved, ["webhookUrl"], ({ webhookSecret }) => {
    setUrl(null);
    setSecret(webhookSecret?.startsWith("whsec_") ? webhookSecret : null);
    testing.reset();
  });
  const testing = useMutation({ mutationFn: testWebhook });
  const isDirty = url !== null && url !== (saved.webhookUrl ?? "");

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    saving.mutate({ webhookUrl: (url ?? saved.webhookUrl ?? "").trim() || null });
  }

  return (
    <Card title={t.title}>
      <form ref={form} onSubmit={submit} noValidate>
        <div className={styles.fields}>
          {error !== null && <ProblemNotice error={error} />}
          <TextInput
            label={t.url}
            description={t.urlHint}
            type="url"
            autoComplete="off"
            placeholder="https://"
            value={url ?? saved.webhookUrl ?? ""}
            onChange={(event) => {
              setUrl(event.currentTarget.value);
              saving.reset();
            }}
            error={faults.webhookUrl}
          />
          {secret !== null && (
            <>
              <Notice tone="warn" title={t.secretOnce} />
              <CodeBlock code={secret} label={t.secret} />
            </>
          )}
          {saved.webhookUrl !== null && secret === null && <p className={styles.hint}>{t.signed}</p>}
          <div role="status" className={styles.outcome}>
            {testing.data !== undefined && (
              <Notice tone={testing.data.ok ? "good" : "bad"} title={testing.data.ok ? t.arrived : t.lost}>
                {t.said(testing.data.detail)}
              </Notice>
            )}
          </div>
          {testing.error !== null && <ProblemNotice error={testing.error} />}
        </div>
        <div className={styles.actions}>
          <Button type="submit" loading={saving.isPending}>
            {common.save}
          </Button>
          {saved.webhookUrl !== null && !isDirty && (
            <>
              <Button variant="default" loading={testing.isPending} onClick={() => testing.mutate()}>
                {t.test}
              </Button>
              <Button
                variant="subtle"
                disabled={saving.isPending}
                onClick={() => saving.mutate({ webhookSecret: null })}
              >
                {t.renew}
              </Button>
            </>
          )}
          <span className={styles.state} role="status">
            {isDirty ? common.unsaved : saving.isSuccess && common.saved}
          </span>
        </div>
      </form>
      <UnsavedGuard isDirty={isDirty} />
    </Card>
  );
}
