import type { Clock } from "../core/clock.ts";
import type { SendwrightError } from "../core/errors.ts";
import { invalidInput } from "../core/parse.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { Store } from "../store/store.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";

export interface KnownConfigsDependencies {
  readonly store: Store;
  readonly configSource: ConfigSource;
  readonly clock: Clock;
}

/** Milliseconds after which the configs are read again: they change rarely. */
const livesMs = 1_000;

/** The SMTP configs as acceptance knows them, so that not every email reads them from the database. */
export class KnownConfigs {
  readonly #dependencies: KnownConfigsDependencies;
  #known: { readonly readAt: number; readonly configs: Promise<readonly SmtpConfig[]> } | null = null;

  constructor(dependencies: KnownConfigsDependencies) {
    this.#dependencies = dependencies;
  }

  /** The From email of the first config that is turned on; undefined if none is. */
  async defaultSender(): Promise<string | undefined> {
    return (await this.#list()).find(({ settings }) => settings.enabled)?.settings.fromEmail;
  }

  /**
   * The config with this id, else the one with this name, also if it is turned off.
   * @throws SendwrightError `input.invalid` at `/config` if there is none, or if several have the name
   */
  async named(nameOrId: string): Promise<SmtpConfig> {
    const found = select(await this.#list(), nameOrId);
    if (found !== undefined) return found;
    // A config that was created a moment ago is there to be used.
    this.#known = null;
    const created = select(await this.#list(), nameOrId);
    if (created === undefined) throw unknownConfig(nameOrId);
    return created;
  }

  #list(): Promise<readonly SmtpConfig[]> {
    const { store, configSource, clock } = this.#dependencies;
    const now = clock.now();
    if (this.#known === null || this.#known.readAt + livesMs <= now || this.#known.readAt > now) {
      const configs = configSource.list(store.db);
      this.#known = { readAt: now, configs };
      // The next email reads them again after a failure.
      configs.catch(() => {
        this.#known = null;
      });
    }
    return this.#known.configs;
  }
}

function select(configs: readonly SmtpConfig[], nameOrId: string): SmtpConfig | undefined {
  const byId = configs.find(({ id }) => id === nameOrId);
  if (byId !== undefined) return byId;
  const [first, ...others] = configs.filter(({ settings }) => settings.name === nameOrId);
  if (others.length > 0) {
    throw wrong(`${others.length + 1} SMTP configs have the name ${quoted(nameOrId)}. Use an ID instead.`);
  }
  return first;
}

function unknownConfig(nameOrId: string): SendwrightError {
  return wrong(`SMTP config ${quoted(nameOrId)} not found. Use the name or ID of an existing one.`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function wrong(detail: string): SendwrightError {
  return invalidInput([{ pointer: "/config", detail }]);
}
