import type { Secrets } from "../../src/secret/secrets.ts";
import { encryptPassword } from "../../src/smtp-configs/sealed-password.ts";
import { type SmtpConfigSummary, summaryOf } from "../../src/smtp-configs/summary.ts";
import type { Store } from "../../src/store/store.ts";
import {
  breakerStep,
  closedBreaker,
  type Health,
  newHealth,
  type OpenBreaker,
} from "../../src/store/tables/smtp-config-health.ts";
import type {
  Revision,
  SealedPassword,
  SmtpConfig,
  SmtpSettings,
} from "../../src/store/tables/smtp-configs.ts";

export interface GivenConfig {
  readonly id?: string;
  readonly settings?: Partial<SmtpSettings>;
  readonly secret?: SealedPassword;
  readonly revision?: Partial<Revision>;
  readonly health?: Partial<Health>;
}

/** A config as the database holds it, without a password and with no seal; a test names what is different. */
export function smtpConfig(given: GivenConfig = {}): SmtpConfig {
  return {
    id: given.id ?? "config-1",
    settings: {
      name: "relay",
      position: 0,
      enabled: true,
      smtpServer: "smtp.example.com",
      smtpPort: 587,
      useTls: true,
      tlsMode: "auto",
      username: null,
      authMethod: "auto",
      allowCleartextAuth: false,
      fromEmail: "shop@example.com",
      fromName: null,
      replyTo: null,
      ehloName: null,
      caPem: null,
      maxConnections: 5,
      maxPerSecond: null,
      maxPerMinute: null,
      maxPerHour: null,
      maxPerDay: null,
      maxRecipientsPerDay: null,
      senders: [],
      bcc: null,
      ...given.settings,
    },
    secret: given.secret ?? { kind: "none", seal: "" },
    revision: { version: 1, createdAt: 0, updatedAt: 0, updatedBy: "user:1", ...given.revision },
    health: { ...newHealth(), ...given.health },
  };
}

/** The same with what is known of it: by default nothing that an admin should look at. */
export function smtpConfigSummary(
  given: GivenConfig = {},
  known: Partial<Pick<SmtpConfigSummary, "problem" | "rollbackTo" | "oauth" | "managedBy" | "usage">> = {},
): SmtpConfigSummary {
  const nothing = { problem: null, rollbackTo: null, oauth: null, check: null, usage: null };
  return { ...summaryOf(smtpConfig(given), nothing), ...known };
}

/** A config as saved: with the password, if there is one, and with a seal. */
export function sealedConfig(
  secrets: Secrets,
  given: Omit<GivenConfig, "secret"> = {},
  password: string | null = null,
): SmtpConfig {
  const config = smtpConfig(given);
  return { ...config, secret: encryptPassword(secrets, config.id, config.settings, password) };
}

/** What `toMatchObject` takes for a config that is paused. */
export function paused(breaker: { until?: unknown; reason?: unknown; failures?: number }) {
  return { health: { breaker: { state: "open", ...breaker } } };
}

/** What `toMatchObject` takes for a config that is not paused. */
export const notPaused = { health: { breaker: closedBreaker } };

/** Pauses a stored config as a failed delivery does. */
export async function pauseConfig(
  store: Store,
  { id, version }: { readonly id: string; readonly version: number },
  breaker: Omit<OpenBreaker, "state">,
): Promise<void> {
  await store.transact([breakerStep(store.db, { id, revision: { version } }, { state: "open", ...breaker })]);
}
