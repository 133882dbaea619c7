import { afterEach, beforeEach, expect, it } from "vitest";
import { type DnsServer, startDnsServer } from "../../../test/support/dns-server.ts";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import type { Problem } from "../schema/common.ts";
import type { SmtpConfig } from "../schema/smtp-configs.ts";
import { type Discovery, type DnsReport, discovery, dnsReport } from "../schema/tests.ts";

let dns: DnsServer;
let app: TestApp;
beforeEach(async () => {
  dns = await startDnsServer({
    "example.com": { TXT: ["v=spf1 include:amazonses.com ~all"], MX: [[10, "mx.example.com"]] },
    "amazonses.com": { TXT: ["v=spf1 ip4:199.255.192.0/22 -all"] },
    "mx.example.com": { A: ["192.0.2.1"] },
    "_dmarc.example.com": { TXT: ["v=DMARC1; p=none"] },
  });
  app = await openApp({ dnsServers: [dns.address] });
});
afterEach(async () => {
  await app.close();
  await dns[Symbol.asyncDispose]();
});

const body = { fromEmail: "shop@example.com", smtpServer: "email-smtp.eu-west-1.amazonaws.com" };

it("checks the domain of a sender that is not saved", async () => {
  const response = await app.call("POST", "/api/smtp-configs/dns", body);
  expect(response.status).toBe(200);
  const report = dnsReport.strict().parse(await read<DnsReport>(response));
  expect(report.domain).toBe("example.com");
  expect(report.checkedAt).toBe(new Date(app.clock.now()).toISOString());
  expect(report.findings.map(({ check, status }) => `${check} ${status}`)).toEqual([
    "spf ok",
    "dkim unknown",
    "dmarc ok",
    "mx ok",
  ]);
});

it("checks the domain of a saved config as it is saved", async () => {
  const created = await read<SmtpConfig>(app.call("POST", "/api/smtp-configs", { ...body, smtpPort: 587 }));
  const report = await read<DnsReport>(app.call("GET", `/api/smtp-configs/${created.id}/dns`));
  expect(report.findings[0]).toMatchObject({
    check: "spf",
    status: "ok",
    title: "Amazon SES can send for this domain",
  });
  expect((await app.call("GET", "/api/smtp-configs/none/dns")).status).toBe(404);
});

it("names every wrong field, and asks nobody then", async () => {
  const response = await app.call("POST", "/api/smtp-configs/dns", {
    fromEmail: "x",
    smtpServer: "http://x",
    y: 1,
  });
  expect(response.status).toBe(400);
  const { errors = [] } = await read<Problem>(response);
  expect(errors.map(({ pointer }) => pointer).sort()).toEqual(["/fromEmail", "/smtpServer", "/y"]);
  expect(dns.questions).toEqual([]);
});

it("finds settings", async () => {
  const response = await app.call("POST", "/api/smtp-configs/discover", { email: "jo@tuta.com" });
  expect(response.status).toBe(200);
  const found = discovery.strict().parse(await read<Discovery>(response));
  expect(found.notes).toHaveLength(1);
});

it("is for admins", async () => {
  const headers = { ...(await app.bearer("send")), "content-type": "application/json" };
  for (const path of ["dns", "discover"]) {
    const init = { method: "POST", headers, body: "{}" };
    expect((await app.request(`/api/smtp-configs/${path}`, init)).status).toBe(403);
  }
  expect((await app.request("/api/smtp-configs/x/dns", { headers })).status).toBe(403);
});

it("allows a few checks a minute", async () => {
  for (let count = 0; count < 20; count++) {
    expect((await app.call("POST", "/api/smtp-configs/dns", body)).status).toBe(200);
  }
  expect((await app.call("POST", "/api/smtp-configs/dns", body)).status).toBe(429);
});
