import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { faultAt } from "../api/problem.ts";
import type { Settings } from "../api/types.ts";
import { CodeBlock } from "../parts/code-block.tsx";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import { SettingsForm } from "../settings/settings-form.tsx";
import { type SettingsFields, useSettingsForm } from "../settings/use-settings-form.ts";
import { testWebhook } from "./api.ts";
import styles from "./monitoring.module.css";
import * as t from "./strings.ts";

const fields: SettingsFields<{ webhookUrl: string }> = {
  webhookUrl: { show: (url) => url ?? "", read: (typed) => typed.trim() || null },
};

/** Where events go, what they are signed with, and whether they arrive. */
export function WebhookForm({ saved }: { saved: Settings }) {
  /** Held nowhere but here. */
  const [secret, setSecret] = useState<string | null>(null);
  const testing = useMutation({ mutationFn: testWebhook });
  const form = useSettingsForm(saved, fields, ({ webhookSecret }) => {
    setSecret(webhookSecret?.startsWith("whsec_") ? webhookSecret : null);
    testing.reset();
  });
  const isThere = form.base.webhookUrl !== null;
  return (
    <SettingsForm
      form={form}
      title={t.webhookTitle}
      actions={
        isThere &&
        !form.isDirty && (
          <>
            <Button variant="default" loading={testing.isPending} onClick={() => testing.mutate()}>
              {t.webhookTest}
            </Button>
            <Button
              variant="subtle"
              disabled={form.isSaving}
              onClick={() => form.saveAlso({ webhookSecret: null })}
            >
              {t.webhookRenew}
            </Button>
          </>
        )
      }
    >
      <TextInput
        label={t.webhookUrl}
        description={t.webhookUrlHint}
        type="url"
        autoComplete="off"
        placeholder="https://"
        value={form.typedOf("webhookUrl")}
        onChange={(event) => form.edit({ webhookUrl: event.currentTarget.value })}
        error={faultAt(form.error, "/webhookUrl")}
      />
      {secret !== null && (
        <>
          <Notice tone="warn" title={t.webhookSecretOnce} />
          <CodeBlock code={secret} label={t.webhookSecret} />
        </>
      )}
      {isThere && secret === null && <p className={styles.hint}>{t.webhookSigned}</p>}
      <div role="status" className={styles.outcome}>
        {testing.data !== undefined && (
          <Notice
            tone={testing.data.ok ? "good" : "bad"}
            title={testing.data.ok ? t.webhookArrived : t.webhookLost}
          >
            {t.webhookReply(testing.data.detail)}
          </Notice>
        )}
      </div>
      {testing.error !== null && <ProblemNotice error={testing.error} />}
    </SettingsForm>
  );
}
