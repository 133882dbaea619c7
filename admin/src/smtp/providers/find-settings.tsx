import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import type { Discovery, Provider } from "../../api/types.ts";
import { Badge } from "../../parts/badge.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import * as shared from "../../strings.ts";
import { discover } from "../api.ts";
import * as page from "../strings.ts";
import styles from "./find-settings.module.css";
import * as t from "./strings.ts";

export type Found = Discovery["candidates"][number];

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** The address that another page has asked for already. */
    readonly settingsFor?: string;
  }
}

interface FindSettingsProps {
  readonly providers: readonly Provider[];
  readonly onUse: (found: Found, email: string, form: HTMLFormElement | null) => void;
}

/** The shortest way to a filled form: an address, and what is found for it. */
export function FindSettings({ providers, onUse }: FindSettingsProps) {
  const { settingsFor } = useLocation().state;
  const [email, setEmail] = useState(settingsFor ?? "");
  const hint = useId();
  const searching = useMutation({ mutationFn: discover });
  const { data, variables, error, isPending, mutate } = searching;
  const isAsked = useRef(false);
  useEffect(() => {
    if (settingsFor === undefined || isAsked.current) return;
    isAsked.current = true;
    mutate(settingsFor);
  }, [settingsFor, mutate]);

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    if (event.key !== "Enter") return;
    // Else it would save the form.
    event.preventDefault();
    start();
  }

  function start() {
    if (email.trim() !== "" && !isPending) mutate(email.trim());
  }

  return (
    <div className={styles.find}>
      <div className={styles.line}>
        <TextInput
          className={styles.address}
          label={shared.findEmail}
          aria-describedby={hint}
          placeholder="you@example.com"
          inputMode="email"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          autoComplete="email"
          autoCapitalize="none"
          spellCheck={false}
        />
        <Button variant="default" loading={isPending} onClick={start}>
          {shared.findStart}
        </Button>
      </div>
      <p id={hint} className={styles.hint}>
        {t.findHint}
      </p>
      {error !== null && <ProblemNotice error={error} />}
      {data !== undefined && (
        <>
          <ul className={styles.results}>
            {data.candidates.map((found) => (
              <Result
                key={`${found.smtpServer} ${found.smtpPort} ${found.tlsMode}`}
                found={found}
                name={providers.find(({ id }) => id === found.provider)?.name ?? null}
                onUse={(form) => onUse(found, variables ?? "", form)}
              />
            ))}
          </ul>
          {data.notes.map((note) => (
            <p key={note} className={styles.note}>
              {note}
            </p>
          ))}
        </>
      )}
      <p role="status" className={styles.status}>
        {isPending && t.findSearching}
        {data !== undefined && !isPending && t.findFound(data.candidates.length)}
      </p>
    </div>
  );
}

interface ResultProps {
  readonly found: Found;
  /** Of its provider; null where that is not known. */
  readonly name: string | null;
  readonly onUse: (form: HTMLFormElement | null) => void;
}

function Result({ found, name, onUse }: ResultProps) {
  const { smtpServer, smtpPort, tlsMode, source, verified, detail } = found;
  const isImplicit = tlsMode === "implicit" || (tlsMode === "auto" && smtpPort === 465);
  const heading = useId();
  return (
    <li className={styles.result} aria-labelledby={heading}>
      <div className={styles.words}>
        <div className={styles.title}>
          <strong id={heading}>{name ?? smtpServer}</strong>
          <Badge tone={verified ? "good" : "warn"} icon={verified ? "check" : "warning"}>
            {verified ? t.findVerified : t.findNotVerified}
          </Badge>
        </div>
        <p className={styles.server}>
          {smtpServer}:{smtpPort} · {page.tlsModes[isImplicit ? "implicit" : "starttls"]}
        </p>
        <p className={styles.detail}>
          {t.findSources[source]} {detail}
        </p>
      </div>
      <Button
        size="xs"
        variant={verified ? "filled" : "default"}
        aria-describedby={heading}
        onClick={(event) => onUse(event.currentTarget.form)}
      >
        {t.findUse}
      </Button>
    </li>
  );
}
