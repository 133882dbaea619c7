import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createSilentServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startDnsServer, type Zone, type ZoneEntry } from "../../test/support/dns-server.ts";
import { notPaused, pauseConfig, paused } from "../../test/support/smtp-config.ts";
import { createLog } from "../core/log.ts";
import type { Actor } from "../core/model.ts";
import { parse } from "../core/parse.ts";
import { smtpConfigView } from "../http/resources/smtp-config-views.ts";
import { openServices, type Services } from "../services.ts";
import { type SmtpConfigInput, smtpConfigCreate, smtpConfigUpdate } from "../smtp-configs/settings.ts";
import { listAudit } from "../store/tables/audit-log.ts";
import { findConfigCheck } from "../store/tables/config-checks.ts";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { makeAuthority, startTestRelay, type TestRelay } from "../testing/index.ts";
import { changeWebhook } from "../webhooks/endpoint.ts";
import { changeMonitoring } from "./monitoring-settings.ts";

const ada: Actor = { id: "user:1", name: "Ada" };
const start = Date.now();
const dayMs = 86_400_000;
const minuteMs = 60_000;
const auth = { username: "jo", password: "correct horse" };

let folder: string;
let database: string;
/** The time of a clock whose timers never fire: each test asks for the checks. */
let now: number;
const clock = { now: () => now, monotonic: () => now, after: () => () => {} };
let services: Services;
let dns: Awaited<ReturnType<typeof startDnsServer>>;
let zone: Record<string, ZoneEntry>;
const relays: TestRelay[] = [];
const secret = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

const open = (given: object = {}) =>
  openServices({
    database,
    secret,
    clock,
    log: createLog("silent"),
    random: () => 0.5,
    dnsServers: [dns.address],
    publicUrl: "https://mail.example.com/",
    ...given,
  });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-monitor-"));
  database = join(folder, "sendwright.db");
  now = start;
  zone = { "example.com": { TXT: ["v=spf1 -all"] }, "_dmarc.example.com": { TXT: ["v=DMARC1; p=none"] } };
  dns = await startDnsServer(zone as Zone);
  services = await open();
  await changeMonitoring(services.store.db, { checkEveryHours: 24, alertEmails: ["ops@example.net"] });
});

afterEach(async () => {
  await services.close();
  await dns[Symbol.asyncDispose]();
  await Promise.all(relays.splice(0).map((relay) => relay.close()));
  rmSync(folder, { recursive: true });
});

type RelayOptions = Parameters<typeof startTestRelay>[0];

async function relay(options: RelayOptions = {}): Promise<TestRelay> {
  const started = await startTestRelay(options);
  relays.push(started);
  return started;
}

function add({ port }: TestRelay, given: Partial<SmtpConfigInput> = {}) {
  const form = {
    smtpServer: "127.0.0.1",
    smtpPort: port,
    useTls: false,
    fromEmail: "shop@example.com",
    ...given,
  };
  return services.configs.create(parse(smtpConfigCreate, form), ada);
}

/** Checks what is due after so long, until nothing is. @returns how many configs were checked */
async function checkAfter(ms: number): Promise<number> {
  now += ms;
  let checked = 0;
  while (await services.monitor.checkDue()) checked++;
  return checked;
}

/** The first check of a config comes within eleven minutes. */
async function firstCheck(): Promise<void> {
  await services.monitor.checkDue();
  await checkAfter(11 * minuteMs);
}

const kinds = async () => (await services.alerts.list()).map(({ kind }) => kind);

const emailsOf = async () => (await services.outbox.list({ limit: 50 })).items;
const subjects = async () => (await emailsOf()).map(({ subject }) => subject).reverse();

describe("a check", () => {
  test("comes by itself, once a day, and sends no email", async () => {
    const server = await relay({ auth });
    const { id } = await add(server, { ...auth, allowCleartextAuth: true });
    expect(await checkAfter(0)).toBe(0);
    expect((await services.configs.get(id)).lastCheck).toBeNull();
    expect(await checkAfter(11 * minuteMs)).toBe(1);
    expect((await services.configs.get(id)).lastCheck).toEqual({
      at: now,
      ok: true,
      stage: null,
      title: null,
      certificateEndsAt: null,
    });
    expect(await checkAfter(22 * 60 * minuteMs)).toBe(0);
    expect(await checkAfter(2 * 60 * minuteMs)).toBe(1);
    expect(server.messages).toEqual([]);
    expect(await services.alerts.list()).toEqual([]);
  });

  test("is made by the service that runs, without being asked", async () => {
    const ticking = createFixedClock(start);
    const running = await openServices({
      database: ":memory:",
      secret,
      clock: ticking,
      log: createLog("silent"),
      dnsServers: [dns.address],
    });
    try {
      const server = await relay();
      const form = {
        smtpServer: "127.0.0.1",
        smtpPort: server.port,
        useTls: false,
        fromEmail: "a@example.com",
      };
      const { id } = await running.configs.create(parse(smtpConfigCreate, form), ada);
      const planned = () => findConfigCheck(running.store.db, id);
      const isUnderWay = async () =>
        ((await planned())?.claimedUntil ?? (await planned())?.checkedAt) != null;
      // Once it has begun, time stands still again.
      const patient = { timeout: 20_000, interval: 5 };
      await vi.waitFor(async () => {
        if (!(await isUnderWay())) await ticking.advance(10_000);
        expect(await isUnderWay()).toBe(true);
      }, patient);
      await vi.waitFor(async () => {
        expect((await running.configs.get(id)).lastCheck).toMatchObject({ ok: true });
      }, patient);
    } finally {
      await running.close();
    }
  });

  test("comes soon after a change of the config, which the last one knows nothing of", async () => {
    const server = await relay();
    const view = await add(server);
    await firstCheck();
    await services.configs.update(
      view.id,
      parse(smtpConfigUpdate, { ...smtpConfigView(view), fromEmail: "other@example.com" }),
      ada,
    );
    expect((await services.configs.get(view.id)).lastCheck).toBeNull();
    expect(await checkAfter(0)).toBe(1);
    expect((await services.configs.get(view.id)).lastCheck).toMatchObject({ ok: true });
  });

  test("is not made of a config that is off, nor where checks are", async () => {
    const { id } = await add(await relay());
    await add(await relay());
    await services.configs.setEnabled(id, false, ada);
    await firstCheck();
    expect((await services.configs.get(id)).lastCheck).toBeNull();
    await changeMonitoring(services.store.db, { checkEveryHours: 0 });
    expect(await checkAfter(30 * dayMs)).toBe(0);
    await services.monitor.checkNow(id, ada);
    expect((await services.configs.get(id)).lastCheck).toMatchObject({ ok: true });
  });

  test("can be asked for, which the audit log has", async () => {
    const { id } = await add(await relay());
    await services.monitor.checkNow(id, ada);
    expect((await services.configs.get(id)).lastCheck).toMatchObject({ ok: true });
    const [entry] = await listAudit(services.store.db, { after: null, limit: 1 });
    expect(entry).toMatchObject({ actor: ada, action: "smtp_config.checked", target: id });
    await expect(services.monitor.checkNow("nobody", ada)).rejects.toMatchObject({
      code: "config.not_found",
    });
  });
});

describe("a certificate that nears its end", () => {
  const authority = makeAuthority({ notAfter: new Date(start + 400 * dayMs) });
  const until = (ms: number) => authority.issue({ names: ["127.0.0.1"], notAfter: new Date(ms) });

  test("is told of at 21, 7 and 1 days, each once, and is over with a new one", async () => {
    const endsAt = start + 25 * dayMs;
    const server = await relay({ tls: until(endsAt) });
    const view = await add(server, { useTls: true, caPem: authority.caPem });
    await firstCheck();
    expect((await services.configs.get(view.id)).lastCheck?.certificateEndsAt).toBe(
      Math.floor(endsAt / 1000) * 1000,
    );
    expect(await kinds()).toEqual([]);

    await checkAfter(5 * dayMs);
    const [alert] = await services.alerts.list();
    expect(alert).toMatchObject({ configId: view.id, kind: "certificate_expiring", level: 1 });
    const title = `The certificate expires on ${new Date(endsAt).toISOString().slice(0, 10)}`;
    expect(await subjects()).toEqual([`127.0.0.1 – ${title}`]);
    await services.alerts.acknowledge(alert?.id ?? "", ada);
    await checkAfter(dayMs);
    await checkAfter(dayMs);
    expect(await subjects()).toHaveLength(1);

    for (const [days, level] of [
      [6, 2],
      [1 / 2, 3],
    ] as const) {
      now = endsAt - days * dayMs;
      await checkAfter(0);
      // Somebody knew of it; now it is another matter.
      expect(await services.alerts.list()).toMatchObject([{ id: alert?.id, level, acknowledgedAt: null }]);
    }
    expect(await subjects()).toHaveLength(3);

    await relays.splice(0)[0]?.close();
    const renewed = await relay({ tls: until(start + 300 * dayMs) });
    const change = { ...smtpConfigView(await services.configs.get(view.id)), smtpPort: renewed.port };
    await services.configs.update(view.id, parse(smtpConfigUpdate, change), ada);
    await checkAfter(0);
    expect(await kinds()).toEqual([]);
    expect((await subjects()).at(-1)).toBe(`Resolved: 127.0.0.1 – ${title}`);
  });
});

describe("a sign-in that stops working", () => {
  test("stops the use of its config, is told through another one, and is over once it works again", async () => {
    const account = { ...auth };
    const first = await relay({ auth: account });
    const second = await relay();
    const { id } = await add(first, { ...auth, name: "First", allowCleartextAuth: true });
    await add(second, { name: "Second", fromEmail: "spare@example.com" });
    await firstCheck();

    account.password = "changed";
    await checkAfter(dayMs);
    expect(await kinds()).toEqual(["sign_in_failed"]);
    expect(await services.configs.get(id)).toMatchObject({
      lastCheck: { ok: false, stage: "auth", title: "Wrong username or password" },
      ...paused({ reason: expect.stringContaining("Wrong username or password") }),
    });
    const [told] = await second.delivered(1);
    expect(told).toMatchObject({ from: "spare@example.com", to: ["ops@example.net"] });
    const { subject, text } = await PostalMime.parse(told?.content ?? Buffer.alloc(0));
    expect(subject).toBe("First – Wrong username or password");
    expect(text).toContain(`https://mail.example.com/settings/smtp/${id}`);
    expect(text).not.toContain(auth.password);

    account.password = auth.password;
    await services.monitor.checkNow(id, ada);
    expect(await kinds()).toEqual([]);
    expect(await services.configs.get(id)).toMatchObject({ lastCheck: { ok: true }, ...notPaused });
    expect((await subjects()).at(-1)).toBe("Resolved: First – Wrong username or password");
  });

  test("is told by no email where no other config works, and is not told later", async () => {
    const account = { ...auth };
    const server = await relay({ auth: account });
    const { id } = await add(server, { ...auth, allowCleartextAuth: true });
    await firstCheck();
    account.password = "changed";
    await checkAfter(dayMs);
    expect(await kinds()).toEqual(["sign_in_failed"]);
    expect(await emailsOf()).toEqual([]);
    await add(await relay());
    await checkAfter(minuteMs);
    expect(await emailsOf()).toEqual([]);
    await services.configs.remove(id, ada);
    await checkAfter(minuteMs);
    expect(await services.alerts.list()).toEqual([]);
  });

  test("is looked at again soon once sending has found it", async () => {
    const account = { ...auth };
    const { id } = await add(await relay({ auth: account }), { ...auth, allowCleartextAuth: true });
    await firstCheck();
    account.password = "changed";
    now += 60 * minuteMs;
    const { version } = (await services.configs.get(id)).revision;
    const pause = { until: now + 60 * minuteMs, reason: "535", failures: 1, needsAdmin: true };
    await pauseConfig(services.store, { id, version }, pause);
    expect(await checkAfter(0)).toBe(1);
    expect(await kinds()).toEqual(["sign_in_failed"]);
  });
});

test("a row that was changed by other hands is told of", async () => {
  const { id } = await add(await relay());
  await firstCheck();
  await services.store.db.updateTable("smtp_config").set({ smtp_port: 1 }).where("id", "=", id).execute();
  await checkAfter(dayMs);
  expect(await kinds()).toEqual(["unusable"]);
  expect(await services.configs.get(id)).toMatchObject(paused({}));
});

test("a relay that does not answer is told of once it is so after ten minutes, too", async () => {
  const { port } = await relay();
  await add({ port } as TestRelay);
  await firstCheck();
  await relays.splice(0)[0]?.close();
  expect(await checkAfter(dayMs)).toBe(1);
  expect(await kinds()).toEqual([]);
  expect(await checkAfter(9 * minuteMs)).toBe(0);
  expect(await checkAfter(minuteMs)).toBe(1);
  expect(await kinds()).toEqual(["unreachable"]);
});

test("a relay that is back within ten minutes is told of to nobody", async () => {
  let isBusy = false;
  const server = await relay({ onEhlo: () => (isBusy ? "421 4.3.2 try again later" : undefined) });
  await add(server);
  await firstCheck();
  isBusy = true;
  await checkAfter(dayMs);
  isBusy = false;
  await checkAfter(10 * minuteMs);
  expect(await kinds()).toEqual([]);
  isBusy = true;
  await checkAfter(dayMs);
  expect(await kinds()).toEqual([]);
});

test("a sender that is refused is told of, and its config goes on", async () => {
  let isRefused = false;
  const strict = await relay({ onMail: () => (isRefused ? "553 5.7.1 sender not owned" : undefined) });
  const spare = await relay();
  await add(spare, { name: "Spare" });
  const { id } = await add(strict, { name: "Strict" });
  await firstCheck();
  isRefused = true;
  await checkAfter(dayMs);
  expect(await kinds()).toEqual(["sender_refused"]);
  expect(await services.configs.get(id)).toMatchObject(notPaused);
  await spare.delivered(1);
});

describe("the DNS of the sender's domain", () => {
  test("is told of when a DMARC record goes that was there, and when it is back", async () => {
    await add(await relay());
    await firstCheck();
    delete zone["_dmarc.example.com"];
    await checkAfter(dayMs);
    // It may be in the middle of being replaced.
    expect(await kinds()).toEqual([]);
    await checkAfter(10 * minuteMs);
    expect(await services.alerts.list()).toMatchObject([
      {
        kind: "dmarc_broken",
        title: "DMARC record not found",
        remedy: expect.stringContaining("_dmarc.example.com TXT"),
      },
    ]);
    zone["_dmarc.example.com"] = "silent";
    await checkAfter(dayMs);
    expect(await kinds()).toEqual(["dmarc_broken"]);
    zone["_dmarc.example.com"] = { TXT: ["v=DMARC1; p=reject"] };
    await checkAfter(dayMs);
    expect(await kinds()).toEqual([]);
  }, 20_000);

  test("is no alarm where there was never a record", async () => {
    delete zone["_dmarc.example.com"];
    await add(await relay());
    await firstCheck();
    await checkAfter(dayMs);
    await checkAfter(10 * minuteMs);
    expect(await kinds()).toEqual([]);
  });
});

test("the webhook gets what is found, and that it is over; also where a config is switched off", async () => {
  const events: { type: string; data: Record<string, unknown> }[] = [];
  let isDown = true;
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (!isDown) events.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(isDown ? 503 : 204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  try {
    await changeWebhook(services.store.db, services.secrets, { webhookUrl: url });
    const account = { ...auth };
    const { id } = await add(await relay({ auth: account }), {
      ...auth,
      name: "Main",
      allowCleartextAuth: true,
    });
    await firstCheck();
    account.password = "changed";
    await checkAfter(dayMs);
    await services.webhook.wake();
    // Neither the receiver's trouble nor a restart loses it.
    await services.close();
    services = await open();
    isDown = false;
    now += minuteMs;
    await services.webhook.wake();
    expect(events).toMatchObject([
      {
        type: "config.alert.raised",
        data: {
          kind: "sign_in_failed",
          config: { id, name: "Main" },
          title: "Wrong username or password",
          clearedAt: null,
          url: `https://mail.example.com/settings/smtp/${id}`,
        },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain(auth.password);
    await services.configs.setEnabled(id, false, ada);
    await checkAfter(minuteMs);
    await services.webhook.wake();
    expect(events[1]).toMatchObject({
      type: "config.alert.cleared",
      data: { id: events[0]?.data.id, clearedAt: new Date(now).toISOString() },
    });
    expect(events).toHaveLength(2);
    expect(await emailsOf()).toEqual([]);
  } finally {
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  }
});

test("alerts outlive a restart, and are not told again", async () => {
  const { port } = await relay();
  await add({ port } as TestRelay, { name: "Gone" });
  await add(await relay(), { name: "Spare" });
  await firstCheck();
  await relays.splice(0)[0]?.close();
  await checkAfter(dayMs);
  await checkAfter(10 * minuteMs);
  const before = await services.alerts.list();
  expect(before).toMatchObject([{ kind: "unreachable", configName: "Gone" }]);
  expect(await subjects()).toHaveLength(1);
  await services.close();
  services = await open();
  await checkAfter(dayMs);
  expect(await services.alerts.list()).toEqual(before);
  expect(await subjects()).toHaveLength(1);
});

test("the config of the environment is checked too, and keeps its last check over a restart", async () => {
  const { port } = await relay();
  await services.close();
  const smtp = { smtpServer: "127.0.0.1", smtpPort: port, useTls: false, fromEmail: "shop@example.com" };
  services = await open({ smtp });
  await firstCheck();
  await services.close();
  services = await open({ smtp });
  expect(await services.configs.get("environment")).toMatchObject({ lastCheck: { ok: true } });
});

describe("a monitor that is stopped", () => {
  test("cuts the check under way and gives its claim back", async () => {
    const connected = Promise.withResolvers<void>();
    const sockets = new Set<Socket>();
    const silent = createSilentServer((socket) => {
      sockets.add(socket);
      connected.resolve();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = silent.address() as AddressInfo;
      const { id } = await add({ port } as TestRelay);
      const check = services.monitor.checkNow(id, ada);
      await connected.promise;
      expect(await findConfigCheck(services.store.db, id)).toMatchObject({
        claimedUntil: expect.any(Number),
      });
      await services.monitor.stop();
      await check;
      expect(await findConfigCheck(services.store.db, id)).toMatchObject({
        claimedUntil: null,
        checkedAt: null,
      });
      expect(await checkAfter(dayMs)).toBe(0);
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => silent.close(resolve));
    }
  });

  test("leaves no timer, and does not start again", async () => {
    const ticking = createFixedClock(start);
    const running = await openServices({
      database: ":memory:",
      secret,
      clock: ticking,
      log: createLog("silent"),
    });
    try {
      const { waiting } = ticking;
      await running.monitor.stop();
      await running.monitor.stop();
      expect(ticking.waiting).toBe(waiting - 1);
      running.monitor.start();
      expect(ticking.waiting).toBe(waiting - 1);
    } finally {
      await running.close();
    }
  });
});
