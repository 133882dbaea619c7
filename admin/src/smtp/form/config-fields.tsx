import { Button, SegmentedControl, Switch, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import type { TlsMode } from "../../api/model.ts";
import { Icon } from "../../parts/icon.tsx";
import styles from "../editor/editor.module.css";
import type { FieldsProps } from "../editor/use-config-editor.ts";
import { providerAt } from "../oauth/oauth-client.ts";
import { OauthFields } from "../oauth/oauth-fields.tsx";
import { ProviderChooser, useProvider } from "../providers/provider-chooser.tsx";
import * as page from "../strings.ts";
import { holdsInvisible } from "./invisible.ts";
import { PasswordField } from "./password-field.tsx";
import * as t from "./strings.ts";

const tlsModes = Object.entries(page.tlsModes).map(([value, label]) => ({ value, label }));

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className={styles.group}>
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

/** The fields that every config needs, in the order in which a provider's help page names them. */
export function ConfigFields({ editor }: FieldsProps) {
  const { form, faults, change } = editor;
  const provider = useProvider(editor);
  const signsInWith = providerAt(form.smtpServer);
  const oauthName = signsInWith === "custom" ? null : page.oauthNames[signsInWith];
  return (
    <>
      <Group title={t.providerTitle}>
        <ProviderChooser editor={editor} />
      </Group>
      <Group title={t.server}>
        <div className={styles.serverRow}>
          <TextInput
            label={page.fields.smtpServer}
            data-field="smtpServer"
            placeholder="smtp.example.com"
            value={form.smtpServer}
            onChange={(event) => change({ smtpServer: event.currentTarget.value })}
            error={faults.fields.smtpServer}
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
          />
          <TextInput
            label={page.fields.smtpPort}
            inputMode="numeric"
            value={form.smtpPort}
            onChange={(event) => change({ smtpPort: event.currentTarget.value })}
            error={faults.fields.smtpPort}
            autoComplete="off"
          />
        </div>
        <div className={styles.tls}>
          <Switch
            label={page.fields.useTls}
            description={form.useTls ? t.hintUseTls : t.hintUseTlsOff}
            checked={form.useTls}
            onChange={(event) => change({ useTls: event.currentTarget.checked })}
            error={faults.fields.useTls}
          />
          {form.useTls && (
            <div className={styles.tlsMode}>
              <SegmentedControl
                size="xs"
                aria-label={page.fields.tlsMode}
                data={tlsModes}
                value={form.tlsMode}
                onChange={(value) => change({ tlsMode: value as TlsMode })}
              />
              <p className={styles.hint}>{t.tlsModeHints[form.tlsMode](form.smtpPort.trim())}</p>
            </div>
          )}
        </div>
      </Group>
      <Group title={t.signIn}>
        <div>
          <TextInput
            label={page.fields.username}
            data-field="username"
            description={provider?.usernameHint ?? t.hintUsername}
            value={form.username}
            onChange={(event) => change({ username: event.currentTarget.value })}
            error={faults.fields.username}
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
          />
          {/* Blanks around it are not saved. */}
          {holdsInvisible(form.username.trim()) && (
            <p className={styles.oddity} role="status">
              {t.usernameInvisible}
            </p>
          )}
        </div>
        {form.authMethod === "oauth" ? (
          <OauthFields editor={editor} />
        ) : (
          <>
            <PasswordField
              password={editor.password}
              error={faults.fields.password}
              wanted={provider?.passwordHint ?? null}
              onChange={editor.changePassword}
            />
            {oauthName !== null && (
              <Button
                className={styles.offer}
                variant="subtle"
                size="compact-sm"
                onClick={() => change({ authMethod: "oauth" })}
              >
                {t.oauthInstead(oauthName)}
              </Button>
            )}
          </>
        )}
        {form.authMethod !== "oauth" && provider !== null && provider.helpUrl !== null && (
          <a className={styles.help} href={provider.helpUrl} target="_blank" rel="noreferrer">
            {t.providerHelp(provider.name)}
            <Icon name="external" size={14} />
          </a>
        )}
      </Group>
      <Group title={t.sender}>
        <div className={styles.pair}>
          <TextInput
            label={page.fields.fromEmail}
            description={provider?.fromHint ?? t.hintFromEmail}
            type="text"
            inputMode="email"
            placeholder="hello@example.com"
            value={form.fromEmail}
            onChange={(event) => change({ fromEmail: event.currentTarget.value })}
            error={faults.fields.fromEmail}
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
          />
          <TextInput
            label={page.fields.fromName}
            description={t.hintFromName}
            value={form.fromName}
            onChange={(event) => change({ fromName: event.currentTarget.value })}
            error={faults.fields.fromName}
            autoComplete="off"
          />
        </div>
      </Group>
    </>
  );
}
