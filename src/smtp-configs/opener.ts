import type { Secrets } from "../secret/secrets.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { type OpenedConfig, openConfig } from "./open.ts";

/** What a config may change in without being another way to a relay. */
type State = "lastTest" | "pausedUntil" | "pausedReason" | "failures" | "provenVersion" | "faultyVersion";

/**
 * Opens configs for sending, as `openConfig` does. One that is the same to the letter as when its seal
 * was checked last, for the email before, is not decrypted again.
 */
export function createOpener(secrets: Secrets): (config: SmtpConfig) => OpenedConfig {
  const opened = new Map<string, { config: SmtpConfig; readonly open: OpenedConfig }>();
  return (config) => {
    const earlier = opened.get(config.id);
    if (earlier !== undefined && (earlier.config === config || isSame(earlier.config, config))) {
      earlier.config = config;
      return earlier.open;
    }
    opened.delete(config.id);
    const open = openConfig(config, secrets);
    opened.set(config.id, { config, open });
    return open;
  };
}

function isSame(earlier: SmtpConfig, config: SmtpConfig): boolean {
  const {
    lastTest: _lastTest,
    pausedUntil: _until,
    pausedReason: _reason,
    failures: _failures,
    provenVersion: _proven,
    faultyVersion: _faulty,
    ...settings
  } = config;
  for (const name of Object.keys(settings) as Exclude<keyof SmtpConfig, State>[]) {
    if (earlier[name] !== config[name]) return false;
  }
  return true;
}
