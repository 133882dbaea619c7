import { beforeAll, describe, expect, it } from "vitest";
import { type GivenConfig, sealedConfig } from "../../../../test/support/smtp-config.ts";
import { createEgress } from "../../../net/egress.ts";
import { generateKey } from "../../../secret/fernet.ts";
import type { Secrets } from "../../../secret/secrets.ts";
import { unlock } from "../../../secret/unlock.ts";
import type { SmtpConfig } from "../../../store/tables/smtp-configs.ts";
import { createFixedClock } from "../../../testing/fixed-clock.ts";
import { checkConfigs, checkNames } from "./smtp-configs.ts";

const clock = createFixedClock();
const now = clock.now();
let secrets: Secrets;
beforeAll(async () => {
  secrets = await unlock({ rows: [], primary: generateKey(), previous: [], clock });
});

const sealed = (settings: GivenConfig["settings"] = {}, more: Omit<GivenConfig, "settings"> = {}) =>
  sealedConfig(secrets, { ...more, settings: { name: "Main relay", ...settings } });
/** The check of the one config. */
const found = (config: SmtpConfig, by = secrets) => checkConfigs([config], by, now)[1];

describe("the SMTP configs", () => {
  it("want attention where none is saved, or none is on", () => {
    expect(checkConfigs([], secrets, now)).toMatchObject([{ status: "warning" }]);
    expect(checkConfigs([sealed({ enabled: false })], secrets, now)).toMatchObject([
      { status: "warning" },
      { status: "ok", found: "smtp.example.com:587, off" },
    ]);
  });

  it("say what the last test said", () => {
    const at = now - 7_300_000;
    expect(found(sealed())?.found).toBe("smtp.example.com:587, never tested");
    expect(
      found(sealed({}, { health: { lastTest: { at, ok: true, stage: null, title: null } } }))?.found,
    ).toBe("smtp.example.com:587, test passed 2 h ago");
    const failedTest = { at, ok: false, stage: "auth", title: "Wrong username or password" };
    expect(found(sealed({}, { health: { lastTest: failedTest } }))).toMatchObject({
      status: "warning",
      found: "The last test failed 2 h ago: Wrong username or password.",
    });
  });

  it("say why one is paused, while it is, with a command fit to be pasted", () => {
    const pausedUntil = (until: number) =>
      sealed(
        { name: "Jo's relay" },
        {
          health: {
            breaker: { state: "open", until, reason: "535 5.7.8 No", failures: 1, needsAdmin: true },
          },
        },
      );
    expect(found(pausedUntil(now + 60_000))).toMatchObject({
      status: "warning",
      found: "Paused until 2026-01-01T00:01:00.000Z: 535 5.7.8 No",
      remedy: expect.stringContaining("`sendwright test 'Jo'\\''s relay'`"),
    });
    expect(found(pausedUntil(now))?.status).toBe("ok");
  });

  it("fail where the seal is broken, or the password is missing", () => {
    const { settings, ...others } = sealed();
    const changed = { ...others, settings: { ...settings, smtpServer: "evil.example.com" } };
    expect(found(changed)).toMatchObject({
      status: "failed",
      found: expect.stringContaining("was modified outside Sendwright"),
    });
    expect(found(sealed({ username: "jo" }))).toMatchObject({
      status: "failed",
      found: expect.stringContaining("has a username but no password"),
    });
  });
});

describe("the names of mail servers", () => {
  const egress = createEgress("default", async (host) => {
    if (host === "nowhere.example.com") throw Object.assign(new Error("no"), { code: "ENOTFOUND" });
    return [
      { address: "192.0.2.1", family: 4 },
      { address: "2001:db8::1", family: 6 },
    ];
  });

  it("are looked up once for each server that is in use", async () => {
    const configs = [
      sealed(),
      sealed({}, { id: "2" }),
      sealed({ smtpServer: "off.example.com", enabled: false }, { id: "3" }),
    ];
    expect(await checkNames(configs, egress)).toMatchObject([
      { title: "smtp.example.com", status: "ok", found: "192.0.2.1, 2001:db8::1" },
    ]);
  });

  it("fail where nobody knows them, or where they may not be dialled", async () => {
    expect(await checkNames([sealed({ smtpServer: "nowhere.example.com" })], egress)).toMatchObject([
      { status: "failed", found: expect.stringContaining("couldn't resolve") },
    ]);
    const inside = createEgress("public-only", async () => [{ address: "10.0.0.1", family: 4 }]);
    expect(await checkNames([sealed()], inside)).toMatchObject([{ status: "failed" }]);
  });
});
