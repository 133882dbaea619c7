import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import type { AuditEntry, Problem, Settings } from "../schemas.ts";

let app: TestApp;
beforeEach(async () => {
  app = await openApp();
});
afterEach(() => app.close());

const noBrand = { name: null, url: null, logoUrl: null, color: null, address: null, footerLinks: [] };
/** How SMTP configs are watched until somebody says otherwise. */
const watching = { checkEveryHours: 24, alertEmails: null, webhookUrl: null, webhookSecret: null };
const get = () => read<Settings>(app.call("GET", "/api/settings"));
const put = (body: unknown) => app.call("PUT", "/api/settings", body);
const audit = async () => (await read<{ items: AuditEntry[] }>(app.call("GET", "/api/audit-log"))).items;

describe("the settings", () => {
  it("keep contents for 30 days and emails for 90 until somebody says otherwise", async () => {
    expect(await get()).toEqual({
      contentRetentionDays: 30,
      emailRetentionDays: 90,
      returnFailedChanges: false,
      brand: noBrand,
      ...watching,
    });
  });

  it("are saved, and what changed is in the audit log by its name", async () => {
    const saved = await put({ contentRetentionDays: 7, emailRetentionDays: 90 });
    expect(saved.status).toBe(200);
    const settings = {
      contentRetentionDays: 7,
      emailRetentionDays: 90,
      returnFailedChanges: false,
      brand: noBrand,
      ...watching,
    };
    expect(await read<Settings>(saved)).toEqual(settings);
    expect(await get()).toEqual(settings);
    expect(await audit()).toMatchObject([
      {
        actor: { name: "Ada" },
        action: "settings.updated",
        target: null,
        detail: { changed: ["contentRetentionDays"] },
      },
    ]);
  });

  it("take what GET gave, and then nothing is changed", async () => {
    expect((await put(await get())).status).toBe(200);
    expect(await audit()).toEqual([]);
  });

  it.each([0, -1, 3651, 1.5, "30", null, undefined, true])("take no %j for days", async (days) => {
    const response = await put({ contentRetentionDays: days, emailRetentionDays: days });
    expect(response.status).toBe(400);
    const { code, errors } = await read<Problem>(response);
    expect(code).toBe("input.invalid");
    expect(errors?.map(({ pointer }) => pointer)).toEqual(["/contentRetentionDays", "/emailRetentionDays"]);
    expect(await get()).toEqual({
      contentRetentionDays: 30,
      emailRetentionDays: 90,
      returnFailedChanges: false,
      brand: noBrand,
      ...watching,
    });
  });

  it("keep no contents longer than their emails", async () => {
    const response = await put({ contentRetentionDays: 91, emailRetentionDays: 90 });
    expect(response.status).toBe(400);
    expect(await read<Problem>(response)).toMatchObject({ errors: [{ pointer: "/contentRetentionDays" }] });
    expect((await put({ contentRetentionDays: 90, emailRetentionDays: 90 })).status).toBe(200);
  });

  it("keep the brand that templates show, and put its parts into the audit log by their names", async () => {
    const days = { contentRetentionDays: 30, emailRetentionDays: 90 };
    const rest = { returnFailedChanges: false, ...watching };
    const brand = { ...noBrand, name: "Fjord Supply", color: "#0f766e", footerLinks: [] };
    const saved = await put({ ...days, brand });
    expect(await read<Settings>(saved)).toEqual({ ...days, ...rest, brand });
    const { html } = app.posthorn.templates.render("password-reset", {
      data: { url: "https://example.com/" },
    });
    expect(html).toContain("Fjord Supply");
    expect(await audit()).toMatchObject([{ detail: { changed: ["brand.name", "brand.color"] } }]);
    // Whoever knows nothing of brands takes none away.
    expect((await put(days)).status).toBe(200);
    expect(await get()).toEqual({ ...days, ...rest, brand });
    expect((await put({ ...days, brand: {} })).status).toBe(200);
    expect(await get()).toEqual({ ...days, ...rest, brand: noBrand });
  });

  it("take no brand that would break the emails", async () => {
    const brand = {
      name: "a\nb",
      color: "red",
      logoUrl: "data:x",
      footerLinks: [{ label: "x", url: "javascript:x" }],
    };
    const response = await put({ contentRetentionDays: 7, emailRetentionDays: 8, brand });
    const { errors = [] } = await read<Problem>(response);
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      "/brand/color",
      "/brand/footerLinks/0/url",
      "/brand/logoUrl",
      "/brand/name",
    ]);
    expect((await get()).contentRetentionDays).toBe(30);
  });

  it("say how SMTP configs are watched, each part by itself", async () => {
    const days = { contentRetentionDays: 30, emailRetentionDays: 90 };
    await put({ ...days, checkEveryHours: 6 });
    await put({ ...days, alertEmails: ["ops@example.com"] });
    expect(await get()).toMatchObject({ checkEveryHours: 6, alertEmails: ["ops@example.com"] });
    const changed = (await audit()).map(({ detail }) => detail.changed);
    expect(changed).toEqual([["alertEmails"], ["checkEveryHours"]]);
  });

  it("show the webhook's secret once, and make another one for another address or where it is asked for", async () => {
    const days = { contentRetentionDays: 30, emailRetentionDays: 90 };
    const save = async (body: object) => read<Settings>(put({ ...days, ...body }));
    const first = await save({ webhookUrl: "https://hook.example.com/a" });
    expect(first.webhookSecret).toMatch(/^whsec_/);
    expect(await get()).toMatchObject({ webhookUrl: first.webhookUrl, webhookSecret: "********" });
    expect((await save(await get())).webhookSecret).toBe("********");
    const again = await save({ webhookSecret: null });
    expect(again.webhookSecret).toMatch(/^whsec_/);
    expect(again.webhookSecret).not.toBe(first.webhookSecret);
    const other = await save({ webhookUrl: "https://hook.example.com/b", webhookSecret: "********" });
    expect(other.webhookSecret).toMatch(/^whsec_/);
    expect(await save({ webhookUrl: null })).toMatchObject({ webhookUrl: null, webhookSecret: null });
    const log = JSON.stringify(await audit());
    for (const { webhookSecret } of [first, again, other]) expect(log).not.toContain(webhookSecret);
    expect(
      JSON.stringify(await app.posthorn.store.db.selectFrom("settings").selectAll().execute()),
    ).not.toContain("whsec_");
  });

  it("take no watching that cannot be", async () => {
    const response = await put({
      ...{ contentRetentionDays: 30, emailRetentionDays: 90, checkEveryHours: 0.5, alertEmails: ["nobody"] },
      ...{ webhookUrl: "http://hook.example.com/", webhookSecret: "whsec_mine" },
    });
    expect(response.status).toBe(400);
    const { errors } = await read<Problem>(response);
    expect(errors?.map(({ pointer }) => pointer).sort()).toEqual([
      "/alertEmails/0",
      "/checkEveryHours",
      "/webhookSecret",
      "/webhookUrl",
    ]);
  });

  it("send a test event only where there is a webhook", async () => {
    const response = await app.call("POST", "/api/settings/webhook/test");
    expect([response.status, (await read<Problem>(response)).code]).toEqual([409, "webhook.none"]);
  });

  it("take no field that they do not know", async () => {
    const response = await put({ contentRetentionDays: 1, emailRetentionDays: 2, colour: "red" });
    expect(response.status).toBe(400);
    expect(await read<Problem>(response)).toMatchObject({ errors: [{ pointer: "/colour" }] });
  });

  it("are for admins", async () => {
    const headers = { ...(await app.bearer("send")), "content-type": "application/json" };
    const body = JSON.stringify({ contentRetentionDays: 1, emailRetentionDays: 1 });
    expect((await app.request("/api/settings")).status).toBe(401);
    expect((await app.request("/api/settings", { headers })).status).toBe(403);
    expect((await app.request("/api/settings", { method: "PUT", headers, body })).status).toBe(403);
  });
});
