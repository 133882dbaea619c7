import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useState } from "react";
import { flushSync } from "react-dom";
import type { Provider } from "../../api/types.ts";
import { Icon } from "../../parts/icon.tsx";
import * as shared from "../../strings.ts";
import { providersQuery } from "../api.ts";
import type { Editor } from "../editor/use-config-editor.ts";
import { sameHost } from "../form/destination.ts";
import { limitFields, type SmtpForm } from "../form/form.ts";
import { FindSettings, type Found } from "./find-settings.tsx";
import styles from "./provider.module.css";
import { presetsOf, providerOf, withFound, withProvider } from "./provider.ts";
import * as t from "./strings.ts";

/** The provider whose server the form names; null for another server, and while the catalog is loading. */
export function useProvider({ form }: Editor): Provider | null {
  const { data: providers = [] } = useQuery(providersQuery);
  return providerOf(providers, form);
}

/** Who sends the mail. The choice fills in the form; typing a provider's server by hand is as good. */
export function ProviderChooser({ editor }: { editor: Editor }) {
  const { data: providers = [] } = useQuery(providersQuery);
  const [isChoosing, setChoosing] = useState<boolean | null>(null);
  const [hasChosen, setChosen] = useState(false);
  const current = providerOf(providers, editor.form);
  if (providers.length === 0) return null;

  function choose(provider: Provider | null, form: HTMLFormElement | null) {
    flushSync(() => {
      setChoosing(false);
      const isCurrent = provider?.id === current?.id && editor.form.smtpServer !== "";
      if (isCurrent) return;
      setChosen(true);
      editor.choose(withProvider(editor.form, editor.baseForm, providers, provider));
    });
    form?.querySelector<HTMLElement>(firstToFill(provider))?.focus();
  }

  function use(found: Found, email: string, form: HTMLFormElement | null) {
    flushSync(() => {
      setChoosing(false);
      setChosen(true);
      editor.choose(withFound(editor.form, providers, found, email));
    });
    const next = found.username === null ? "username" : "password";
    form?.querySelector<HTMLElement>(`[data-field="${next}"]`)?.focus();
  }

  if (isChoosing ?? editor.base === null) {
    return (
      <Choice
        providers={providers}
        current={current}
        onChoose={choose}
        onUse={use}
        onClose={isChoosing === null ? null : () => setChoosing(false)}
      />
    );
  }
  const isFilled = hasChosen && editor.isDirty && editor.form.smtpServer !== "";
  return (
    <div className={styles.chosen}>
      <div className={styles.line}>
        <div className={styles.name}>
          <strong>{current?.name ?? t.other}</strong>
          <p role="status" className={styles.filled}>
            {isFilled && filledWords(current, editor.form)}
          </p>
        </div>
        <Button variant="default" size="compact-sm" onClick={() => setChoosing(true)}>
          {t.change}
        </Button>
      </div>
      {current !== null && current.regions.length > 0 && (
        <NativeSelect
          label={t.region}
          data-field="region"
          data={current.regions.map(({ smtpServer, name }) => ({ value: smtpServer, label: name }))}
          value={
            current.regions.find((region) => sameHost(region.smtpServer, editor.form.smtpServer))?.smtpServer
          }
          onChange={(event) => editor.change({ smtpServer: event.currentTarget.value })}
        />
      )}
    </div>
  );
}

/** What the choice has filled in. */
function filledWords(provider: Provider | null, form: SmtpForm): string {
  if (provider?.id === "sandbox") return t.filledAll;
  const presets = presetsOf(provider);
  const isLimited = limitFields.some((field) => presets[field] !== "" && presets[field] === form[field]);
  return isLimited ? t.filledWithLimits : t.filled;
}

/** Where an admin goes on after the choice. */
function firstToFill(provider: Provider | null): string {
  if (provider === null) return '[data-field="smtpServer"]';
  if (provider.id === "sandbox") return '[type="submit"]';
  if (provider.regions.length > 0) return '[data-field="region"]';
  return provider.username === null ? '[data-field="username"]' : '[data-field="password"]';
}

interface ChoiceProps {
  readonly providers: readonly Provider[];
  readonly current: Provider | null;
  readonly onChoose: (provider: Provider | null, form: HTMLFormElement | null) => void;
  readonly onUse: (found: Found, email: string, form: HTMLFormElement | null) => void;
  /** Null where there is nothing to go back to. */
  readonly onClose: (() => void) | null;
}

function Choice({ providers, current, onChoose, onUse, onClose }: ChoiceProps) {
  const [sought, seek] = useState("");
  const [showsAll, showAll] = useState(false);
  const known = providers.filter(
    ({ id, name, smtpServer }) =>
      id !== "sandbox" && `${name} ${smtpServer}`.toLowerCase().includes(sought.trim().toLowerCase()),
  );
  const isShort = sought.trim() === "" && !showsAll;
  const shown = isShort ? known.filter(({ isCommon }) => isCommon) : known;
  const sandbox = providers.find(({ id }) => id === "sandbox");

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    if (event.key === "Escape") onClose?.();
    if (event.key !== "Enter") return;
    // Else it would save the form.
    event.preventDefault();
    const [first] = known;
    if (first !== undefined && sought.trim() !== "") onChoose(first, event.currentTarget.form);
  }

  return (
    <div className={styles.choice}>
      <FindSettings providers={providers} onUse={onUse} />
      <p className={styles.or}>{t.or}</p>
      <div className={styles.line}>
        <TextInput
          className={styles.find}
          aria-label={t.find}
          placeholder={t.find}
          leftSection={<Icon name="search" size={16} />}
          value={sought}
          onChange={(event) => seek(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          autoFocus={onClose !== null}
          autoComplete="off"
          spellCheck={false}
        />
        {onClose !== null && (
          <Button variant="subtle" size="compact-sm" onClick={onClose}>
            {shared.cancel}
          </Button>
        )}
      </div>
      <ul className={styles.providers}>
        {shown.map((provider) => (
          <li key={provider.id}>
            <button
              type="button"
              className={styles.provider}
              aria-pressed={provider.id === current?.id}
              onClick={(event) => onChoose(provider, event.currentTarget.form)}
            >
              {provider.name}
            </button>
          </li>
        ))}
        {isShort && (
          <li>
            <button
              type="button"
              className={`${styles.provider} ${styles.other}`}
              onClick={() => showAll(true)}
            >
              {t.all(known.length)}
            </button>
          </li>
        )}
        <li>
          <button
            type="button"
            className={`${styles.provider} ${styles.other}`}
            onClick={(event) => onChoose(null, event.currentTarget.form)}
          >
            {t.other}
          </button>
        </li>
      </ul>
      {known.length === 0 && <p className={styles.filled}>{t.none}</p>}
      {sandbox !== undefined && (
        <button
          type="button"
          className={styles.sandbox}
          aria-pressed={sandbox.id === current?.id}
          onClick={(event) => onChoose(sandbox, event.currentTarget.form)}
        >
          <Icon name="sandbox" size={20} />
          <span>
            <strong>{sandbox.name}</strong>
            <span className={styles.sandboxLead}>{t.sandboxLead}</span>
          </span>
        </button>
      )}
    </div>
  );
}
