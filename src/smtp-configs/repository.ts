import type { Db } from "../store/schema.ts";
import { type Step, write } from "../store/step.ts";
import {
  endPause,
  findSmtpConfig,
  type LastTest,
  listSmtpConfigs,
  type Pause,
  pauseStep,
  recordSmtpConfigTest,
  type SmtpConfig,
  smtpConfigsStep,
  verdictStep,
} from "../store/tables/smtp-configs.ts";
import { type EnvironmentConfig, environmentConfigId } from "./environment-config.ts";

/** All configs that mail may go through: first the one of the environment, if there is one, then the stored. */
export interface ConfigSource {
  /** In the order in which they are tried. */
  list(db: Db): Promise<readonly SmtpConfig[]>;
  /** The same, as a part of a transaction. */
  listing(db: Db): Step<readonly SmtpConfig[]>;
  find(db: Db, id: string): Promise<SmtpConfig | undefined>;
  /**
   * Stops the use of a config for a time, or with null ends that; as a part of a transaction. One that was
   * edited since it was read is left alone.
   */
  pausing(db: Db, read: Pick<SmtpConfig, "id" | "version">, pause: Pause | null): Step<void>;
  /** Notes what the version that was read has shown; as a part of a transaction. */
  judging(db: Db, read: Pick<SmtpConfig, "id" | "version">, verdict: "proven" | "faulty"): Step<void>;
  /** Ends a pause and forgets it. @returns false if there was none. */
  resume(db: Db, id: string): Promise<boolean>;
  recordTest(db: Db, id: string, lastTest: LastTest): Promise<void>;
}

export function createConfigSource(environment: EnvironmentConfig | null): ConfigSource {
  const first = () => (environment === null ? [] : [environment.current()]);
  const isItsOwn = (id: string): boolean => environment !== null && id === environmentConfigId;
  return {
    list: async (db) => [...first(), ...(await listSmtpConfigs(db))],

    listing(db) {
      const { queries, read } = smtpConfigsStep(db);
      return { queries, read: (results) => [...first(), ...read(results)] };
    },

    find: async (db, id) => (isItsOwn(id) ? environment?.current() : findSmtpConfig(db, id)),

    pausing(db, read, pause) {
      if (!isItsOwn(read.id)) return pauseStep(db, read, pause);
      // Once the transaction has succeeded, as with the others.
      return { queries: [], read: () => environment?.pause(pause) };
    },

    // The environment's has one version: there is nothing to return to.
    judging: (db, read, verdict) => (isItsOwn(read.id) ? write() : verdictStep(db, read, verdict)),

    async resume(db, id) {
      if (!isItsOwn(id)) return endPause(db, id);
      if (environment?.current().pausedUntil == null) return false;
      environment.pause(null);
      return true;
    },

    async recordTest(db, id, lastTest) {
      if (isItsOwn(id)) environment?.recordTest(lastTest);
      else await recordSmtpConfigTest(db, id, lastTest);
    },
  };
}
