import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { SmtpConfig } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { PasswordInput } from "../../parts/password-input.tsx";
import { Time } from "../../parts/time.tsx";
import { oauthAddressQuery } from "../api.ts";
import type { FieldsProps } from "../editor/use-config-editor.ts";
import * as page from "../strings.ts";
import styles from "./oauth.module.css";
import type { OauthField, OauthForm } from "./oauth-client.ts";
import * as t from "./strings.ts";
import { useOauth } from "./use-oauth.ts";

const providers = Object.entries(t.providers).map(([value, label]) => ({ value, label }));

/** The sign-in with a provider's consent, in place of a password. */
export function OauthFields({ editor }: FieldsProps) {
  const oauth = useOauth(editor);
  const { form, fields, change } = oauth;
  const address = useQuery(oauthAddressQuery);

  const text = (field: TextField, hint?: string) => ({
    label: t.fields[field],
    ...(hint === undefined ? {} : { description: hint }),
    value: form[field],
    onChange: (event: { currentTarget: { value: string } }) => change({ [field]: event.currentTarget.value }),
    error: fields[field],
    spellCheck: false,
    autoCapitalize: "none",
    autoComplete: "off",
  });

  return (
    <div className={styles.oauth}>
      <Connection oauth={oauth} config={editor.base} />
      <div className={styles.pair}>
        <NativeSelect
          label={t.fields.provider}
          data={providers}
          value={form.provider}
          onChange={(event) => change({ provider: event.currentTarget.value as OauthForm["provider"] })}
          error={fields.provider}
        />
        {form.provider === "microsoft" && (
          <TextInput {...text("tenant", t.hintTenant)} placeholder="common" />
        )}
      </div>
      {form.provider === "custom" && (
        <>
          <TextInput {...text("authorizationEndpoint")} inputMode="url" placeholder="https://" />
          <TextInput {...text("tokenEndpoint")} inputMode="url" placeholder="https://" />
          <TextInput {...text("scope", t.hintScope)} />
        </>
      )}
      <div>
        <div className={styles.address}>
          <TextInput
            className={styles.grow}
            label={t.redirectUri}
            description={t.hintRedirectUri(page.oauthNames[form.provider])}
            value={address.data ?? ""}
            readOnly
          />
          {address.data !== undefined && <CopyButton value={address.data} />}
        </div>
        {address.error !== null && <ProblemNotice error={address.error} />}
      </div>
      <TextInput {...text("clientId")} />
      <div className={styles.pair}>
        <Secret value={form.clientSecret} error={fields.clientSecret} onChange={change} />
        <TextInput
          type="date"
          label={t.fields.clientSecretExpiresAt}
          description={t.hintClientSecretExpiresAt}
          value={form.clientSecretExpiresOn}
          onChange={(event) => change({ clientSecretExpiresOn: event.currentTarget.value })}
          error={fields.clientSecretExpiresAt}
        />
      </div>
      {oauth.error !== null && <ProblemNotice error={oauth.error} />}
      <div className={styles.actions}>
        <Button
          variant={oauth.saved?.connectedAt == null ? "filled" : "default"}
          loading={oauth.isConnecting}
          onClick={oauth.connect}
          rightSection={<Icon name="external" size={15} />}
        >
          {oauth.saved?.connectedAt == null
            ? t.connect(page.oauthNames[form.provider])
            : t.connectAgain(page.oauthNames[form.provider])}
        </Button>
        {oauth.isDirty && editor.base !== null && (
          <Button variant="default" loading={oauth.isSaving} onClick={oauth.save}>
            {t.saveClient}
          </Button>
        )}
        <Button variant="subtle" onClick={() => editor.change({ authMethod: "auto" })}>
          {t.passwordInstead}
        </Button>
      </div>
      <p className={styles.hint}>{t.hintConnect(page.oauthNames[form.provider])}</p>
    </div>
  );
}

interface ConnectionProps {
  readonly oauth: ReturnType<typeof useOauth>;
  readonly config: SmtpConfig | null;
}

/** Since when it is connected, until when, and the way out. */
function Connection({ oauth, config }: ConnectionProps) {
  const [asking, ask] = useState(false);
  const { saved, disconnecting } = oauth;
  if (saved === null || saved.connectedAt === null) return null;
  const name = page.oauthNames[saved.provider];
  const isOver = config?.problem?.code.startsWith("oauth.") === true;
  const says = isOver ? t.over : t.connected;
  return (
    <div className={styles.connection} data-over={isOver ? "" : undefined}>
      <Icon name={isOver ? "warning" : "check"} size={18} />
      <div className={styles.grow}>
        <strong>{says(name, config?.username ?? "")}</strong>
        <div className={styles.hint}>
          <Time iso={saved.connectedAt} /> {t.by(saved.connectedBy ?? "")}
          {saved.expiresAt !== null && (
            <>
              {" · "}
              {t.ends} <Time iso={saved.expiresAt} />
            </>
          )}
        </div>
      </div>
      <Button variant="default" size="xs" onClick={() => ask(true)}>
        {t.disconnect}
      </Button>
      <Confirm
        opened={asking}
        title={t.disconnectTitle(name)}
        confirm={t.disconnect}
        busy={disconnecting.isPending}
        error={disconnecting.error}
        onConfirm={() => disconnecting.mutate()}
        onClose={() => ask(false)}
      >
        {t.disconnectBody}
      </Confirm>
    </div>
  );
}

interface SecretProps {
  readonly value: string | null;
  readonly error: string | undefined;
  readonly onChange: (change: Pick<OauthForm, "clientSecret">) => void;
}

/** As the password: what is saved is never in the page. */
function Secret({ value, error, onChange }: SecretProps) {
  const label = t.fields.clientSecret;
  if (value !== null) {
    return (
      <PasswordInput
        label={label}
        description={t.hintClientSecret}
        value={value}
        onChange={(event) => onChange({ clientSecret: event.currentTarget.value })}
        autoComplete="new-password"
        error={error}
      />
    );
  }
  return (
    <div className={styles.secret}>
      <TextInput
        className={styles.grow}
        label={label}
        description={page.passwordSaved}
        value="••••••••"
        error={error}
        readOnly
      />
      <Button variant="default" onClick={() => onChange({ clientSecret: "" })}>
        {page.passwordReplace}
      </Button>
    </div>
  );
}

/** The fields whose input holds free text. */
type TextField = Exclude<OauthField, "provider" | "clientSecret" | "clientSecretExpiresAt">;
