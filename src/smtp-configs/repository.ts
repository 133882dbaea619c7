import type { Db } from "../store/schema.ts";
import { type Step, write } from "../store/step.ts";
import {
  type Breaker,
  beginTrial,
  breakerStep,
  closeBreaker,
  closedBreaker,
  type LastTest,
  type ReadConfig,
  recordSmtpConfigTest,
  type TriedBreaker,
  type VersionHealth,
  versionHealthStep,
} from "../store/tables/smtp-config-health.ts";
import {
  findSmtpConfig,
  listSmtpConfigs,
  type SmtpConfig,
  smtpConfigsStep,
} from "../store/tables/smtp-configs.ts";
import { type EnvironmentConfig, environmentConfigId } from "./environment-config.ts";

/**
 * All configs that mail may go through: the one of the environment first, if it sets one, then the stored ones.
 * It reads them and stores their health; settings are written by `saving.ts`.
 */
export class ConfigSource {
  readonly #environment: EnvironmentConfig | null;

  constructor(environment: EnvironmentConfig | null) {
    this.#environment = environment;
  }

  /** In the order in which they are tried. */
  async list(db: Db): Promise<readonly SmtpConfig[]> {
    return this.#withEnvironment(await listSmtpConfigs(db));
  }

  /** As `list`, as part of a transaction. */
  listStep(db: Db): Step<readonly SmtpConfig[]> {
    const { queries, read } = smtpConfigsStep(db);
    return { queries, read: (results) => this.#withEnvironment(read(results)) };
  }

  async find(db: Db, id: string): Promise<SmtpConfig | undefined> {
    return this.#managed(id)?.current ?? findSmtpConfig(db, id);
  }

  /** Stores a breaker as part of a transaction. A config that was saved since it was read stays as it is. */
  breakerStep(db: Db, read: ReadConfig, breaker: Breaker): Step<void> {
    const managed = this.#managed(read.id);
    if (managed === null) return breakerStep(db, read, breaker);
    // Read after the transaction has succeeded, as with the others.
    return { queries: [], read: () => managed.setBreaker(breaker) };
  }

  /**
   * Makes a breaker half-open, unless it has changed since it was read.
   * @param until the end of the trial, in milliseconds since the epoch.
   * @returns whether it was this node that did.
   */
  async beginTrial(db: Db, config: ReadConfig, read: TriedBreaker, until: number): Promise<boolean> {
    const managed = this.#managed(config.id);
    if (managed === null) return beginTrial(db, config, read, until);
    managed.setBreaker({ ...read, state: "half-open", until });
    return true;
  }

  /** Stores what the version that was read showed, as part of a transaction. */
  versionHealthStep(db: Db, read: ReadConfig, health: VersionHealth): Step<void> {
    // The environment's config has one version: there is none to roll back to.
    return this.#managed(read.id) === null ? versionHealthStep(db, read, health) : write();
  }

  /** Closes the breaker. @returns false if it was closed. */
  async resume(db: Db, id: string): Promise<boolean> {
    const managed = this.#managed(id);
    if (managed === null) return closeBreaker(db, id);
    if (managed.current.health.breaker.state === "closed") return false;
    managed.setBreaker(closedBreaker);
    return true;
  }

  async recordTest(db: Db, id: string, lastTest: LastTest): Promise<void> {
    const managed = this.#managed(id);
    if (managed === null) await recordSmtpConfigTest(db, id, lastTest);
    else managed.recordTest(lastTest);
  }

  #withEnvironment(stored: readonly SmtpConfig[]): readonly SmtpConfig[] {
    return this.#environment === null ? stored : [this.#environment.current, ...stored];
  }

  #managed(id: string): EnvironmentConfig | null {
    return id === environmentConfigId ? this.#environment : null;
  }
}
