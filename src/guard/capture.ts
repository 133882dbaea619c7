import type { ResolvedConfig } from "../smtp-configs/open.ts";
import { ConfigSource } from "../smtp-configs/repository.ts";
import type { ConfigResolver } from "../smtp-configs/resolver.ts";
import type { Db } from "../store/schema.ts";
import { type Step, write } from "../store/step.ts";
import { newHealth } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";

/** What delivery resolves configs with. */
export type DeliveryResolver = Pick<ConfigResolver, "resolve" | "withToken">;

/**
 * The configs that delivery sees while everything is captured: those that there are, for their senders, each without
 * what would hold mail up; one of its own if none is on. What captured mail shows says nothing of them, so their health
 * is not stored.
 */
export class CaptureSource extends ConfigSource {
  readonly #source: ConfigSource;

  constructor(source: ConfigSource) {
    super(null);
    this.#source = source;
  }

  override async list(db: Db): Promise<readonly SmtpConfig[]> {
    return captured(await this.#source.list(db));
  }

  override listStep(db: Db): Step<readonly SmtpConfig[]> {
    const { queries, read } = this.#source.listStep(db);
    return { queries, read: (results) => captured(read(results)) };
  }

  override async find(db: Db, id: string): Promise<SmtpConfig | undefined> {
    return (await this.list(db)).find((config) => config.id === id);
  }

  override breakerStep(): Step<void> {
    return write();
  }

  override versionHealthStep(): Step<void> {
    return write();
  }

  override async beginTrial(): Promise<boolean> {
    return true;
  }

  override async resume(): Promise<boolean> {
    return false;
  }

  override async recordTest(): Promise<void> {}
}

/** Resolves each config to the sandbox: neither its server nor its password is used. */
export function captureResolver(
  sandbox: () => Omit<ResolvedConfig, "fromEmail" | "fromName" | "replyTo">,
): DeliveryResolver {
  return {
    resolve({ settings: { fromEmail, fromName, replyTo } }) {
      return { ...sandbox(), fromEmail, fromName, replyTo };
    },
    withToken: async (config) => config,
  };
}

function captured(configs: readonly SmtpConfig[]): readonly SmtpConfig[] {
  const enabled = configs.filter(({ settings }) => settings.enabled);
  if (enabled.length === 0) return [ofItsOwn];
  return enabled.map((config) => ({
    ...config,
    // Neither a limit of the server nor the archive has anything to do with the sandbox.
    settings: {
      ...config.settings,
      ...unlimited,
      maxConnections: ofItsOwn.settings.maxConnections,
      bcc: null,
    },
    health: newHealth({ knownGoodVersion: config.revision.version }),
  }));
}

const unlimited = {
  maxPerSecond: null,
  maxPerMinute: null,
  maxPerHour: null,
  maxPerDay: null,
  maxRecipientsPerDay: null,
} as const;

const ofItsOwn: SmtpConfig = {
  id: "sandbox",
  settings: {
    name: "Sandbox",
    position: 0,
    enabled: true,
    smtpServer: "127.0.0.1",
    smtpPort: 0,
    useTls: false,
    tlsMode: "auto",
    username: null,
    authMethod: "auto",
    allowCleartextAuth: false,
    fromEmail: "sendwright@sandbox.test",
    fromName: null,
    replyTo: null,
    ehloName: null,
    caPem: null,
    maxConnections: 5,
    ...unlimited,
    senders: [],
    bcc: null,
  },
  secret: { kind: "none", seal: "" },
  revision: { version: 1, createdAt: 0, updatedAt: 0, updatedBy: "Sendwright" },
  health: newHealth({ knownGoodVersion: 1 }),
};
