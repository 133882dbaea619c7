import type { SmtpConfig } from "../../api/types.ts";
import { Badge } from "../../parts/badge.tsx";
import { Time } from "../../parts/time.tsx";
import * as page from "../strings.ts";
import * as t from "./strings.ts";

/** Whether this config sends now, in a word. `isFirst`: no usable one stands before it. */
export function ConfigBadge({ config, isFirst }: { config: SmtpConfig; isFirst: boolean }) {
  if (config.problem !== null) {
    return (
      <Badge tone="bad" icon="lock">
        {config.problem.code.startsWith("oauth.") ? page.notConnected : page.broken}
      </Badge>
    );
  }
  if (!config.enabled) {
    return (
      <Badge tone="quiet" icon="dash">
        {t.stateOff}
      </Badge>
    );
  }
  if (config.pausedUntil !== null) {
    return (
      <Badge tone="warn" icon="clock">
        <Pause until={config.pausedUntil} />
      </Badge>
    );
  }
  return isFirst ? (
    <Badge tone="good" icon="check">
      {t.stateUsed}
    </Badge>
  ) : (
    <Badge tone="quiet" icon="clock">
      {t.stateStandby}
    </Badge>
  );
}

/** Whether nothing but its pause keeps a config from being used. */
export function isPaused({ enabled, problem, pausedUntil }: SmtpConfig): boolean {
  return enabled && problem === null && pausedUntil !== null;
}

/** That a config is paused, and when it is tried next. */
export function Pause({ until }: { until: string }) {
  if (Date.parse(until) <= Date.now()) return t.statePauseOver;
  return (
    <>
      {t.statePaused} <Time iso={until} />
    </>
  );
}

export function LastTest({ config: { lastTest } }: { config: SmtpConfig }) {
  if (lastTest === null) return <span>{t.stateNone}</span>;
  return (
    <span>
      {lastTest.ok ? t.stateWorked : t.stateFailed} <Time iso={lastTest.at} />
      {lastTest.title !== null && `: ${lastTest.title}`}
    </span>
  );
}

/** The first config that can send now; null when none can. */
export function usedConfig(configs: readonly SmtpConfig[]): SmtpConfig | null {
  return (
    configs.find(
      ({ enabled, problem, pausedUntil }) => enabled && problem === null && pausedUntil === null,
    ) ?? null
  );
}
