import { beforeEach, describe, expect, it } from "vitest";
import { smtpConfig } from "../../test/support/smtp-config.ts";
import { generateKey } from "../secret/fernet.ts";
import type { Secrets } from "../secret/secrets.ts";
import { unlock } from "../secret/unlock.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { openConfig, sealedPartsOf } from "./open.ts";
import { createOpener } from "./opener.ts";

const clock = createFixedClock();

let secrets: Secrets;
/** How often a password was decrypted. */
let decrypted: number;
let open: ReturnType<typeof createOpener>;
beforeEach(async () => {
  secrets = await unlock({ rows: [], primary: generateKey(), previous: [], clock });
  secrets.newKeyStored();
  decrypted = 0;
  open = createOpener({
    ...secrets,
    decrypt(token) {
      decrypted++;
      return secrets.decrypt(token);
    },
  });
});

/** A config as Sendwright saves it, with its seal. */
function saved(given: Partial<SmtpConfig> = {}, password = "right"): SmtpConfig {
  const config = smtpConfig({
    username: "shop",
    passwordEnc: secrets.encrypt(Buffer.from(password)),
    ...given,
  });
  return { ...config, seal: secrets.seal(sealedPartsOf(config)) };
}

/** What opening gives, or the code of its error. */
function outcomeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("opening a config for each email", () => {
  it("decrypts its password once for as long as the row is the same to the letter", () => {
    const config = saved();
    const opened = open(config);
    expect(opened).toEqual(openConfig(config, secrets));
    expect(opened.credentials).toEqual({ username: "shop", password: "right", method: "auto" });
    // Each round reads the row anew.
    for (let round = 0; round < 5; round++) expect(open(structuredClone(config))).toBe(opened);
    expect(decrypted).toBe(1);
  });

  it("does so too where only a pause or a test was noted", () => {
    const config = saved();
    const opened = open(config);
    const noted: Partial<SmtpConfig>[] = [
      { pausedUntil: 1, pausedReason: "421 too busy", failures: 3 },
      { lastTest: { at: 5, ok: true, stage: null, title: null } },
      { pausedUntil: null, pausedReason: null, failures: 0 },
    ];
    for (const change of noted) expect(open({ ...config, ...change })).toBe(opened);
    expect(decrypted).toBe(1);
  });

  it("keeps several configs apart", () => {
    const configs = [saved({ id: "a" }, "of a"), saved({ id: "b" }, "of b"), saved({ id: "c" }, "of c")];
    for (let round = 0; round < 3; round++) {
      expect(configs.map((config) => open(config).credentials?.password)).toEqual(["of a", "of b", "of c"]);
    }
    expect(decrypted).toBe(3);
  });

  it("takes a config that was saved anew", () => {
    open(saved());
    expect(open(saved({ version: 2 }, "another")).credentials?.password).toBe("another");
    expect(open(saved({ version: 3, smtpPort: 2525 })).relay.port).toBe(2525);
  });

  /** What somebody with access to the database might write into a row, column by column. */
  const changes: { readonly [Name in keyof SmtpConfig]?: SmtpConfig[Name] } = {
    name: "other",
    position: 9,
    enabled: false,
    smtpServer: "evil.example",
    smtpPort: 2525,
    useTls: false,
    tlsMode: "implicit",
    username: "somebody",
    passwordEnc: null,
    authMethod: "plain",
    allowCleartextAuth: true,
    fromEmail: "evil@example.com",
    fromName: "Evil",
    replyTo: "evil@example.com",
    ehloName: "evil.example",
    caPem: "-----BEGIN CERTIFICATE-----",
    maxConnections: 50,
    maxPerSecond: 1,
    seal: "none",
    version: 7,
    createdAt: 1,
    updatedAt: 1,
    updatedBy: "nobody",
  };
  const sealed = [
    "smtpServer",
    "smtpPort",
    "useTls",
    "tlsMode",
    "username",
    "passwordEnc",
    "authMethod",
    "allowCleartextAuth",
    "caPem",
  ];

  it.each(Object.entries(changes))("sees a change of %s by other hands at once", (column, value) => {
    const config = saved();
    open(config);
    const changed = { ...config, [column]: value };
    const expected = outcomeOf(() => openConfig(changed, secrets));
    expect(outcomeOf(() => open(changed))).toEqual(expected);
    if (sealed.includes(column)) expect(expected).toBe("seal.broken");
    // What was refused is not remembered, neither is what was opened before it.
    const before = decrypted;
    expect(open(config)).toEqual(openConfig(config, secrets));
    expect(decrypted).toBe(before + 1);
  });

  it("leaves no column out", () => {
    const noted = ["id", "lastTest", "pausedUntil", "pausedReason", "failures"];
    const shown = ["provenVersion", "faultyVersion"];
    expect(Object.keys(changes).concat(noted, shown).sort()).toEqual(Object.keys(smtpConfig()).sort());
  });
});
