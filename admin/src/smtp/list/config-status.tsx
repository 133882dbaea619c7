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
  if (config.breaker.state !== "closed") {
    return (
      <Badge tone={config.breaker.needsAdmin ? "bad" : "warn"} icon="clock">
        <Pause breaker={config.breaker} />
      </Badge>
    );
  }
  const [reached] = reachedLimits(config);
  if (reached !== undefined) {
    return (
      <Badge tone="warn" icon="clock">
        {t.stateLimit}
        {reached.resetsAt !== null && (
          <>
            , {t.stateNextEmail} <Time iso={reached.resetsAt} />
          </>
        )}
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

/** The circuit breaker of a config that is paused. */
export type PausedBreaker = Exclude<SmtpConfig["breaker"], { state: "closed" }>;

/** The breaker that alone keeps a config from being used as usual; null if nothing does, or more than that. */
export function pauseOf({ enabled, problem, breaker }: SmtpConfig): PausedBreaker | null {
  return enabled && problem === null && breaker.state !== "closed" ? breaker : null;
}

/** That a config is paused, who has to act, and when it is tried next. */
export function Pause({ breaker }: { breaker: PausedBreaker }) {
  if (breaker.state === "half-open" || Date.parse(breaker.until) <= Date.now()) return t.statePauseOver;
  return (
    <>
      {breaker.needsAdmin ? t.stateNeedsAdmin : t.statePaused} <Time iso={breaker.until} />
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

type LimitUse = SmtpConfig["usage"][number];

/** The limits that keep a config from sending now, the one that lasts longest first. */
function reachedLimits({ usage }: SmtpConfig): readonly LimitUse[] {
  return usage
    .filter(({ used, limit }) => used >= limit)
    .toSorted((one, two) => (two.resetsAt ?? "").localeCompare(one.resetsAt ?? ""));
}

/** How much of its limits a config has used: the one per day as a rule, and others that are nearly used up. */
export function Usage({ config: { usage } }: { config: SmtpConfig }) {
  const shown = usage.filter(({ setting, used, limit }) => setting === "maxPerDay" || used >= limit * 0.8);
  const [first = usage.at(-1), ...others] = shown;
  if (first === undefined) return null;
  return [first, ...others].map((use) => (
    <span key={use.setting}>
      {t.usage(use.used, use.limit)} {t.usageWindows[use.setting]}
    </span>
  ));
}

/** The first config that can send now; null when none can. */
export function usedConfig(configs: readonly SmtpConfig[]): SmtpConfig | null {
  return (
    configs.find(
      (config) =>
        config.enabled &&
        config.problem === null &&
        config.breaker.state === "closed" &&
        reachedLimits(config).length === 0,
    ) ?? null
  );
}
