import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { type GivenConfig, sealedConfig, smtpConfig } from "../../test/support/smtp-config.ts";
import { generateKey } from "../secret/fernet.ts";
import type { Secrets } from "../secret/secrets.ts";
import { unlock } from "../secret/unlock.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import type { Health } from "../store/tables/smtp-config-health.ts";
import type { Revision, SmtpConfig, SmtpSettings } from "../store/tables/smtp-configs.ts";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { resolveConfig } from "./open.ts";
import { ConfigSource } from "./repository.ts";
import { ConfigResolver } from "./resolver.ts";

const clock = createFixedClock();

let secrets: Secrets;
/** The resolver's decryptions of passwords. */
let decrypt: MockInstance<Secrets["decrypt"]>;
let store: Store;
let resolver: ConfigResolver;
beforeEach(async () => {
  const primary = generateKey();
  const unlocked = async () => {
    const opened = await unlock({ rows: [], primary, previous: [], clock });
    opened.newKeyStored();
    return opened;
  };
  secrets = await unlocked();
  store = await openSqliteStore(":memory:");
  const counting = await unlocked();
  decrypt = vi.spyOn(counting, "decrypt");
  resolver = new ConfigResolver({
    store,
    source: new ConfigSource(null),
    secrets: counting,
    accessTokens: null,
  });
});
afterEach(() => store.close());

/** A config as Sendwright saves it, with its seal. */
function saved(given: Omit<GivenConfig, "secret"> = {}, password = "right"): SmtpConfig {
  return sealedConfig(secrets, { ...given, settings: { username: "shop", ...given.settings } }, password);
}

/** What resolving gives, or the code of its error. */
function outcomeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("resolving a config for each email", () => {
  it("decrypts its password once for as long as the row is the same to the letter", () => {
    const config = saved();
    const resolved = resolver.resolve(config);
    expect(resolved).toEqual(resolveConfig(config, secrets));
    expect(resolved.credentials).toEqual({ username: "shop", password: "right", method: "auto" });
    // Each round reads the row anew.
    for (let round = 0; round < 5; round++) expect(resolver.resolve(structuredClone(config))).toBe(resolved);
    expect(decrypt).toHaveBeenCalledTimes(1);
  });

  it("does so too where only a pause or a test was noted", () => {
    const config = saved();
    const resolved = resolver.resolve(config);
    const noted: Partial<Health>[] = [
      { breaker: { state: "open", until: 1, reason: "421 too busy", failures: 3, needsAdmin: false } },
      { lastTest: { at: 5, ok: true, stage: null, title: null } },
      { knownGoodVersion: 1 },
      { failingVersion: 1 },
      { breaker: { state: "closed", failures: 0 } },
    ];
    for (const change of noted) {
      const health = { ...config.health, ...change };
      expect(resolver.resolve({ ...config, health })).toBe(resolved);
    }
    expect(decrypt).toHaveBeenCalledTimes(1);
  });

  it("keeps several configs apart", () => {
    const configs = [saved({ id: "a" }, "of a"), saved({ id: "b" }, "of b"), saved({ id: "c" }, "of c")];
    for (let round = 0; round < 3; round++) {
      expect(configs.map((config) => resolver.resolve(config).credentials?.password)).toEqual([
        "of a",
        "of b",
        "of c",
      ]);
    }
    expect(decrypt).toHaveBeenCalledTimes(3);
  });

  it("takes a config that was saved anew", () => {
    resolver.resolve(saved());
    expect(resolver.resolve(saved({ revision: { version: 2 } }, "another")).credentials?.password).toBe(
      "another",
    );
    expect(
      resolver.resolve(saved({ revision: { version: 3 }, settings: { smtpPort: 2525 } })).relay.port,
    ).toBe(2525);
  });

  /** What a person with access to the database might write into a row, column by column. */
  const settings: SmtpSettings = {
    name: "other",
    position: 9,
    enabled: false,
    smtpServer: "evil.example",
    smtpPort: 2525,
    useTls: false,
    tlsMode: "implicit",
    username: "eve",
    authMethod: "plain",
    allowCleartextAuth: true,
    fromEmail: "evil@example.com",
    fromName: "Evil",
    replyTo: "evil@example.com",
    ehloName: "evil.example",
    caPem: "-----BEGIN CERTIFICATE-----",
    maxConnections: 50,
    maxPerSecond: 1,
    maxPerMinute: 1,
    maxPerHour: 1,
    maxPerDay: 1,
    maxRecipientsPerDay: 1,
    senders: ["@evil.example"],
    bcc: "evil@example.com",
  };
  const revision: Revision = { version: 7, createdAt: 1, updatedAt: 1, updatedBy: "nobody" };
  const sealed = [
    "smtpServer",
    "smtpPort",
    "useTls",
    "tlsMode",
    "username",
    "authMethod",
    "allowCleartextAuth",
    "caPem",
    "token",
  ];
  const changes: readonly (readonly [string, (config: SmtpConfig) => SmtpConfig])[] = [
    ...Object.entries(settings).map(
      ([name, value]) =>
        [
          name,
          (config: SmtpConfig) => ({ ...config, settings: { ...config.settings, [name]: value } }),
        ] as const,
    ),
    ...Object.entries(revision).map(
      ([name, value]) =>
        [
          name,
          (config: SmtpConfig) => ({ ...config, revision: { ...config.revision, [name]: value } }),
        ] as const,
    ),
    ["token", (config) => ({ ...config, secret: { kind: "none", seal: config.secret.seal } })],
    ["seal", (config) => ({ ...config, secret: { ...config.secret, seal: "none" } })],
  ];

  it.each(changes)("sees a change of %s in the database at once", (column, change) => {
    const config = saved();
    resolver.resolve(config);
    const changed = change(config);
    const expected = outcomeOf(() => resolveConfig(changed, secrets));
    expect(outcomeOf(() => resolver.resolve(changed))).toEqual(expected);
    if (sealed.includes(column)) expect(expected).toBe("seal.broken");
    // What was refused is not remembered, neither is what was resolved before it.
    const before = decrypt.mock.calls.length;
    expect(resolver.resolve(config)).toEqual(resolveConfig(config, secrets));
    expect(decrypt).toHaveBeenCalledTimes(before + 1);
  });

  it("leaves no column out", () => {
    expect(Object.keys(settings)).toEqual(Object.keys(smtpConfig().settings));
    expect(Object.keys(revision)).toEqual(Object.keys(smtpConfig().revision));
  });
});
