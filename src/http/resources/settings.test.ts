import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import type { Problem } from "../schema/common.ts";
import type { AuditEntry } from "../schema/monitoring.ts";
import type { Settings } from "../schema/settings.ts";

let app: TestApp;
beforeEach(async () => {
  app = await openApp();
});
afterEach(() => app.close());

const noBrand = { name: null, url: null, logoUrl: null, color: null, address: null, footerLinks: [] };
/** How SMTP configs are watched until somebody says otherwise. */
const watching = {
  checkEveryHours: 24,
  alertEmails: null,
  failureAlertPercent: 20,
  failureAlertMinEmails: 20,
  webhookUrl: null,
  webhookSecret: null,
};
const get = () => read<Settings>(app.call("GET", "/api/settings"));
const send = (body: unknown) => app.call("PATCH", "/api/settings", body);
/** Changes the settings as somebody who has just read them. */
const patch = async (change: object) => send({ version: (await get()).version, ...change });
const audit = async () => (await read<{ items: AuditEntry[] }>(app.call("GET", "/api/audit-log"))).items;

describe("the settings", () => {
  it("keep contents for 30 days and emails for 90 until somebody says otherwise", async () => {
    expect(await get()).toEqual({
      version: 1,
      contentRetentionDays: 30,
      emailRetentionDays: 90,
      returnFailedChanges: false,
      brand: noBrand,
      ...watching,
    });
  });

  it("change where they are told to, and what changed is in the audit log by its name", async () => {
    const saved = await patch({ contentRetentionDays: 7, emailRetentionDays: 90 });
    expect(saved.status).toBe(200);
    const settings = {
      version: 2,
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

  it("stay at their version if nothing is changed", async () => {
    const { webhookSecret: _, ...same } = await get();
    expect((await patch(same)).status).toBe(200);
    expect((await patch({})).status).toBe(200);
    expect((await get()).version).toBe(1);
    expect(await audit()).toEqual([]);
  });

  it("are not changed by who has not seen what somebody else saved", async () => {
    const seen = await get();
    expect((await send({ version: seen.version, contentRetentionDays: 60 })).status).toBe(200);
    const stale = await send({ version: seen.version, brand: { name: "Fjord Supply" } });
    expect(stale.status).toBe(409);
    expect(await read<Problem>(stale)).toMatchObject({
      code: "config.version_conflict",
      title: "Someone else saved a newer version",
      detail: expect.stringContaining("Ada saved version 2"),
    });
    expect(await get()).toMatchObject({ version: 2, contentRetentionDays: 60, brand: noBrand });
    expect((await send({ version: 2, brand: { name: "Fjord Supply" } })).status).toBe(200);
    expect(await get()).toMatchObject({ contentRetentionDays: 60, brand: { name: "Fjord Supply" } });
  });

  it.each([undefined, null, 0, "1", 1.5])("take no %j for the version that was read", async (version) => {
    const response = await send({ version, contentRetentionDays: 7 });
    expect(response.status).toBe(400);
    expect(await read<Problem>(response)).toMatchObject({ errors: [{ pointer: "/version" }] });
  });

  it.each([0, -1, 3651, 1.5, "30", null, true])("take no %j for days", async (days) => {
    const response = await patch({ contentRetentionDays: days, emailRetentionDays: days });
    expect(response.status).toBe(400);
    const { code, errors } = await read<Problem>(response);
    expect(code).toBe("input.invalid");
    expect(errors?.map(({ pointer }) => pointer)).toEqual(["/contentRetentionDays", "/emailRetentionDays"]);
    expect(await get()).toEqual({
      version: 1,
      contentRetentionDays: 30,
      emailRetentionDays: 90,
      returnFailedChanges: false,
      brand: noBrand,
      ...watching,
    });
  });

  it.each([
    [{ contentRetentionDays: 91 }, "/contentRetentionDays"],
    [{ emailRetentionDays: 29 }, "/emailRetentionDays"],
    [{ contentRetentionDays: 8, emailRetentionDays: 7 }, "/contentRetentionDays"],
  ])("keep no contents longer than their emails: %j", async (change, pointer) => {
    const response = await patch({ ...change, brand: { name: "Fjord Supply" } });
    expect(response.status).toBe(400);
    expect(await read<Problem>(response)).toMatchObject({ errors: [{ pointer }] });
    expect(await get()).toMatchObject({ version: 1, brand: noBrand });
    expect((await patch({ contentRetentionDays: 90, emailRetentionDays: 90 })).status).toBe(200);
  });

  it("keep the brand that templates show, and put its parts into the audit log by their names", async () => {
    const brand = { ...noBrand, name: "Fjord Supply", color: "#0f766e" };
    const saved = await patch({ brand: { name: "Fjord Supply", color: "#0f766e" } });
    expect(await read<Settings>(saved)).toMatchObject({ brand });
    const { html } = app.services.templates.render("password-reset", {
      data: { url: "https://example.com/" },
    });
    expect(html).toContain("Fjord Supply");
    expect(await audit()).toMatchObject([{ detail: { changed: ["brand.name", "brand.color"] } }]);
  });

  it("merge a brand field by field: what is left out stays, null takes it away", async () => {
    const footerLinks = [{ label: "Help", url: "mailto:help@example.com" }];
    await patch({ brand: { name: "Fjord Supply", color: "#0f766e", footerLinks } });
    await patch({ brand: { color: null, address: "Kaigata 4" } });
    const brand = { ...noBrand, name: "Fjord Supply", address: "Kaigata 4", footerLinks };
    expect((await get()).brand).toEqual(brand);
    await patch({ brand: {} });
    expect((await get()).brand).toEqual(brand);
    await patch({ brand: { name: null, address: null, footerLinks: [] } });
    expect((await get()).brand).toEqual(noBrand);
  });

  it("take no brand that would break the emails", async () => {
    const brand = {
      name: "a\nb",
      color: "red",
      logoUrl: "data:x",
      footerLinks: [{ label: "x", url: "javascript:x" }],
    };
    const response = await patch({ contentRetentionDays: 7, emailRetentionDays: 8, brand });
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
    await patch({ checkEveryHours: 6 });
    await patch({ alertEmails: ["ops@example.com"] });
    expect(await get()).toMatchObject({ checkEveryHours: 6, alertEmails: ["ops@example.com"] });
    const changed = (await audit()).map(({ detail }) => detail.changed);
    expect(changed).toEqual([["alertEmails"], ["checkEveryHours"]]);
  });

  it("show the webhook's secret once, and make another one for another address or where it is asked for", async () => {
    const save = async (change: object) => read<Settings>(patch(change));
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
      JSON.stringify(await app.services.store.db.selectFrom("settings").selectAll().execute()),
    ).not.toContain("whsec_");
  });

  it("take no watching that cannot be", async () => {
    const response = await patch({
      checkEveryHours: 0.5,
      alertEmails: ["nobody"],
      webhookUrl: "http://hook.example.com/",
      webhookSecret: "whsec_mine",
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
    const response = await patch({ contentRetentionDays: 1, colour: "red" });
    expect(response.status).toBe(400);
    expect(await read<Problem>(response)).toMatchObject({ errors: [{ pointer: "/colour" }] });
  });

  it("are for admins", async () => {
    const headers = { ...(await app.bearer("send")), "content-type": "application/json" };
    const body = JSON.stringify({ version: 1, contentRetentionDays: 1 });
    expect((await app.request("/api/settings")).status).toBe(401);
    expect((await app.request("/api/settings", { headers })).status).toBe(403);
    expect((await app.request("/api/settings", { method: "PATCH", headers, body })).status).toBe(403);
  });
});
