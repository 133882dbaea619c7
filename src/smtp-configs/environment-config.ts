import type { Clock } from "../core/clock.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { LastTest, Pause, SmtpConfig } from "../store/tables/smtp-configs.ts";
import { sealedPartsOf } from "./open.ts";
import type { SmtpConfigCreate } from "./settings.ts";

/** The id of the config that the environment sets. */
export const environmentConfigId = "environment";

/** The config that the environment sets: tried first, never stored, and changed only where it is set. */
export interface EnvironmentConfig {
  /** As it is now: what was found out about it is kept for as long as the process lives. */
  current(): SmtpConfig;
  pause(pause: Pause | null): void;
  recordTest(lastTest: LastTest): void;
}

/** Its password is encrypted in memory too, so that it goes the way of every other. */
export function createEnvironmentConfig(
  { password, ...settings }: SmtpConfigCreate,
  { secrets, clock }: { readonly secrets: Secrets; readonly clock: Clock },
): EnvironmentConfig {
  const now = clock.now();
  const unsealed: SmtpConfig = {
    ...settings,
    id: environmentConfigId,
    name: settings.name ?? settings.smtpServer,
    position: 0,
    enabled: true,
    passwordEnc: password === null ? null : secrets.encrypt(password),
    seal: "",
    version: 1,
    createdAt: now,
    updatedAt: now,
    updatedBy: "the environment",
    lastTest: null,
    pausedUntil: null,
    pausedReason: null,
    failures: 0,
    provenVersion: null,
    faultyVersion: null,
  };
  let config = { ...unsealed, seal: secrets.seal(sealedPartsOf(unsealed)) };
  return {
    current: () => config,
    pause(pause) {
      const { until = null, reason = null, failures = 0 } = pause ?? {};
      config = { ...config, pausedUntil: until, pausedReason: reason, failures };
    },
    recordTest(lastTest) {
      config = { ...config, lastTest };
    },
  };
}
