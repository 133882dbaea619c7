import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { SmtpConfig } from "../api/types.ts";
import { CheckNow, ConfigAlerts, LastCheck } from "../monitoring/config-alerts.tsx";
import { Icon } from "../parts/icon.tsx";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../parts/page.tsx";
import { NotFound } from "../shell/stray-pages.tsx";
import { configsQuery, providersQuery } from "./api.ts";
import { ConfigEditor } from "./editor/config-editor.tsx";
import styles from "./editor/editor.module.css";
import { History } from "./history/history.tsx";
import { ConfigList } from "./list/config-list.tsx";
import { ConfigBadge, LastTest, Usage, usedConfig } from "./list/config-status.tsx";
import { RouteQuestion } from "./list/route-question.tsx";
import { ConsentOutcome } from "./oauth/consent-outcome.tsx";
import { RemoveConfig } from "./remove-config.tsx";
import * as t from "./strings.ts";

const backToList = { label: t.allConfigs, to: "/settings/smtp" } as const;

/** The one config there is, a new one where there is none, or the list of several. */
export function SettingsPage() {
  return (
    <WithConfigs>
      {(configs) => {
        const [first = null, ...others] = configs;
        // Saving the first config keeps the form, its test and its message where they are.
        if (others.length === 0) return <OneConfig key="only" config={first} configs={configs} />;
        return (
          <Page title={t.title} lead={t.listLead} actions={<AddButton />}>
            <ConsentOutcome />
            <ConfigList configs={configs} />
            <RouteQuestion />
          </Page>
        );
      }}
    </WithConfigs>
  );
}

export function ConfigPage() {
  const { id } = useParams({ from: "/shell/settings/smtp/$id" });
  return (
    <WithConfigs>
      {(configs) => {
        const config = configs.find((each) => each.id === id);
        return config === undefined ? <NotFound /> : <OneConfig key={id} config={config} configs={configs} />;
      }}
    </WithConfigs>
  );
}

export function NewConfigPage() {
  const navigate = useNavigate();
  return (
    <WithConfigs>
      {() => (
        <Page title={t.newTitle} lead={t.lead} back={backToList}>
          <ConfigEditor
            config={null}
            onCreated={() => navigate({ to: "/settings/smtp", replace: true, ignoreBlocker: true })}
          />
        </Page>
      )}
    </WithConfigs>
  );
}

function OneConfig({ config, configs }: { config: SmtpConfig | null; configs: readonly SmtpConfig[] }) {
  const isOnly = configs.length < 2;
  return (
    <Page
      title={isOnly || config === null ? t.title : config.name}
      tab={t.title}
      {...(isOnly ? {} : { back: backToList })}
      lead={config === null ? t.addFirst : <Status config={config} configs={configs} />}
      actions={isOnly && config !== null && <AddButton />}
    >
      <ConsentOutcome />
      {config !== null && <ConfigAlerts config={config} />}
      <ConfigEditor config={config} />
      {config !== null && config.managedBy === null && (
        <>
          <History config={config} />
          <div className={styles.dangerous}>
            <RemoveConfig config={config} isLast={isOnly} />
          </div>
        </>
      )}
    </Page>
  );
}

function Status({ config, configs }: { config: SmtpConfig; configs: readonly SmtpConfig[] }) {
  return (
    <span className={styles.status}>
      <ConfigBadge config={config} isFirst={usedConfig(configs)?.id === config.id} />
      <LastTest config={config} />
      <Usage config={config} />
      {config.enabled && (
        <>
          <LastCheck config={config} />
          <CheckNow config={config} />
        </>
      )}
    </span>
  );
}

function AddButton() {
  return (
    <Button
      renderRoot={(props) => <Link to="/settings/smtp/new" {...props} />}
      variant="default"
      leftSection={<Icon name="plus" size={16} />}
    >
      {t.add}
    </Button>
  );
}

function WithConfigs({ children }: { children: (configs: readonly SmtpConfig[]) => ReactNode }) {
  const configs = useQuery(configsQuery);
  // The form is not to grow when the catalog arrives; without it, settings are entered by hand.
  const providers = useQuery(providersQuery);
  if (configs.data !== undefined && !providers.isPending) return children(configs.data);
  return (
    <Page title={t.title} lead={t.lead}>
      {configs.error === null ? (
        <Card>
          <SkeletonRows />
        </Card>
      ) : (
        <ProblemNotice error={configs.error} />
      )}
    </Page>
  );
}
