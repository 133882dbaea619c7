import type { Clock } from "../core/clock.ts";
import type { Secrets } from "../secret/secrets.ts";
import { type Breaker, type LastTest, newHealth } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { encryptPassword } from "./sealed-password.ts";
import { type SmtpConfigCreate, withName } from "./settings.ts";

/** The id of the config that the environment sets. */
export const environmentConfigId = "environment";

/**
 * The config that the environment sets: tried first, never stored, and changed only where it is set. Its health
 * is known for as long as the process lives.
 */
export class EnvironmentConfig {
  #config: SmtpConfig;

  /** The password is encrypted in memory too: every config is resolved by the same code. */
  constructor(
    { password, ...form }: SmtpConfigCreate,
    { secrets, clock }: { readonly secrets: Secrets; readonly clock: Clock },
  ) {
    const now = clock.now();
    const settings = { ...withName(form), position: 0, enabled: true };
    this.#config = {
      id: environmentConfigId,
      settings,
      secret: encryptPassword(secrets, environmentConfigId, settings, password),
      revision: { version: 1, createdAt: now, updatedAt: now, updatedBy: "the environment" },
      health: newHealth(),
    };
  }

  /** The config as it is now. */
  get current(): SmtpConfig {
    return this.#config;
  }

  setBreaker(breaker: Breaker): void {
    this.#config = { ...this.#config, health: { ...this.#config.health, breaker } };
  }

  recordTest(lastTest: LastTest): void {
    this.#config = { ...this.#config, health: { ...this.#config.health, lastTest } };
  }
}
