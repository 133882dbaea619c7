import { ActionIcon, Switch } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import type { SmtpConfig } from "../../api/types.ts";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card } from "../../parts/page.tsx";
import { arrangeConfigs, configsQuery, providersQuery, switchConfig } from "../api.ts";
import { formOf } from "../form/form.ts";
import { FailingSince, RollbackButton } from "../history/failing-change.tsx";
import { providerOf } from "../providers/provider.ts";
import styles from "./config-list.module.css";
import { ConfigBadge, LastTest, pauseOf, Usage, usedConfig } from "./config-status.tsx";
import { ResumeConfig } from "./resume-config.tsx";
import * as t from "./strings.ts";

/** Several configs in the order in which they are tried: which one sends, and what keeps another from it. */
export function ConfigList({ configs }: { configs: readonly SmtpConfig[] }) {
  const { show, arranging, switching } = useListChanges();
  const [change, announceChange] = useState("");
  const links = useRef(new Map<string, HTMLElement>());
  const used = usedConfig(configs);
  const error = arranging.error ?? switching.error;

  /** The button is gone then: the focus goes to the name beside it. */
  function announce(config: SmtpConfig, words: string) {
    announceChange(words);
    links.current.get(config.id)?.focus();
  }

  function move(index: number, by: -1 | 1) {
    const config = configs[index];
    const other = configs[index + by];
    if (config === undefined || other === undefined) return;
    const next = configs.map((each) => (each === config ? other : each === other ? config : each));
    show(next);
    announceChange(t.moved(config.name, index + by + 1, configs.length));
    arranging.mutate(next.filter(({ managedBy }) => managedBy === null).map(({ id }) => id));
  }

  return (
    <>
      {error !== null && (
        <div className={styles.refusal}>
          <ProblemNotice error={error} />
        </div>
      )}
      <Card>
        <ol className={styles.configs}>
          {configs.map((config, index) => (
            <li key={config.id} className={styles.config} data-off={config.enabled ? undefined : ""}>
              <span className={styles.place}>
                {config.managedBy === null && (
                  <>
                    <Mover
                      label={t.up(config.name)}
                      icon="chevronUp"
                      isIdle={index === 0 || configs[index - 1]?.managedBy !== null}
                      onMove={() => move(index, -1)}
                    />
                    <Mover
                      label={t.down(config.name)}
                      icon="chevronDown"
                      isIdle={index === configs.length - 1}
                      onMove={() => move(index, 1)}
                    />
                  </>
                )}
              </span>
              <span className={styles.words}>
                <span className={styles.head}>
                  <Link
                    ref={(link) => {
                      if (link !== null) links.current.set(config.id, link);
                    }}
                    className={styles.name}
                    to="/settings/smtp/$id"
                    params={{ id: config.id }}
                  >
                    {config.name}
                  </Link>
                  <ConfigBadge config={config} isFirst={used?.id === config.id} />
                </span>
                <Facts config={config} />
                {config.returnTo !== null && (
                  <span className={styles.trouble} data-bad="">
                    <FailingSince config={config} />
                  </span>
                )}
                <span className={styles.repair}>
                  <RollbackButton
                    config={config}
                    onRolledBack={() => announce(config, t.rolledBack(config.name))}
                  />
                  {pauseOf(config) !== null && (
                    <ResumeConfig
                      config={config}
                      onResumed={() => announce(config, t.resumed(config.name))}
                    />
                  )}
                </span>
              </span>
              {config.managedBy === null && (
                <Switch
                  className={styles.switch}
                  aria-label={t.sendThrough(config.name)}
                  checked={config.enabled}
                  onChange={(event) => {
                    const enabled = event.currentTarget.checked;
                    show(configs.map((each) => (each === config ? { ...config, enabled } : each)));
                    switching.mutate({ id: config.id, enabled });
                  }}
                />
              )}
            </li>
          ))}
        </ol>
      </Card>
      <p role="status" className={styles.announcement}>
        {change}
      </p>
    </>
  );
}

/** Changes are shown at once. They are made one after the other, and what is there then is loaded. */
function useListChanges() {
  const queries = useQueryClient();
  const { queryKey } = configsQuery;
  const mutationKey = ["arrange-configs"];
  const common = {
    mutationKey,
    scope: { id: "arrange-configs" },
    onSettled: async () => {
      // One that is still to come knows better.
      if (queries.isMutating({ mutationKey }) === 1) await queries.invalidateQueries({ queryKey });
    },
  };
  const arranging = useMutation({ ...common, mutationFn: arrangeConfigs });
  const switching = useMutation({
    ...common,
    mutationFn: ({ id, enabled }: { id: string; enabled: boolean }) => switchConfig(id, enabled),
  });
  return {
    arranging,
    switching,
    show(configs: SmtpConfig[]) {
      void queries.cancelQueries({ queryKey });
      queries.setQueryData(queryKey, configs);
    },
  };
}

interface MoverProps {
  readonly label: string;
  readonly icon: "chevronUp" | "chevronDown";
  /** At the end. It stays where the focus is, and does nothing. */
  readonly isIdle: boolean;
  readonly onMove: () => void;
}

function Mover({ label, icon, isIdle, onMove }: MoverProps) {
  return (
    <ActionIcon
      variant="subtle"
      size={26}
      aria-label={label}
      aria-disabled={isIdle}
      data-idle={isIdle ? "" : undefined}
      className={styles.mover}
      onClick={(event) => {
        if (isIdle) return;
        const button = event.currentTarget;
        onMove();
        // Moving the row in the page takes the focus away.
        requestAnimationFrame(() => button.focus());
      }}
    >
      <Icon name={icon} size={16} />
    </ActionIcon>
  );
}

function Facts({ config }: { config: SmtpConfig }) {
  const { data: providers = [] } = useQuery(providersQuery);
  const provider = providerOf(providers, formOf(config));
  const trouble = config.problem?.detail ?? config.pausedReason;
  return (
    <>
      <span className={styles.facts}>
        {provider !== null && <span>{provider.name}</span>}
        <span>{t.through(config.smtpServer, config.smtpPort)}</span>
        {config.managedBy !== null && <span>{t.managed}</span>}
        <LastTest config={config} />
        <Usage config={config} />
      </span>
      {trouble !== null && (
        <span className={styles.trouble} data-bad={config.problem === null ? undefined : ""}>
          {trouble}
        </span>
      )}
    </>
  );
}
