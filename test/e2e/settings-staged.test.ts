import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { startTestRelay, type TestRelay } from "../../src/testing/index.ts";
import type { Product } from "./product.ts";
import { deliver } from "./sample.ts";
import { test } from "./scene.ts";
import * as form from "./settings-form.ts";

interface Config {
  readonly id: string;
  readonly version: number;
  readonly smtpPort: number;
  readonly fromName: string | null;
  readonly lastTest: { readonly ok: boolean } | null;
  readonly returnTo: number | null;
}

const password = "the password of the relay";
const account = { auth: { username: "shop", password } };
const kept = "Draft saved. Sendwright keeps sending with the current settings.";

/** A config that works, with a password. */
async function add(product: Product, relay: TestRelay, more: object = {}): Promise<string> {
  const { id } = await product.call<Config>("POST", "/api/smtp-configs", {
    ...product.sandboxConfig,
    smtpPort: relay.port,
    username: "shop",
    password,
    allowCleartextAuth: true,
    ...more,
  });
  await product.call("POST", `/api/smtp-configs/${id}/test`);
  return id;
}

const current = (product: Product, id: string) => product.call<Config>("GET", `/api/smtp-configs/${id}`);
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const dialog = (page: Page) => page.getByRole("dialog");
const history = (page: Page) => page.getByRole("region", { name: "History" });
const versionRow = (page: Page, version: number) =>
  history(page)
    .getByRole("listitem")
    .filter({ hasText: `Version ${version}` });

async function change(product: Product, id: string, changes: object): Promise<void> {
  await product.call("PUT", `/api/smtp-configs/${id}`, { ...(await current(product, id)), ...changes });
}

describe("a change of a config that works", () => {
  test("is used at once when its test passes", async ({ product, enter }) => {
    await using relay = await startTestRelay(account);
    await using next = await startTestRelay(account);
    const id = await add(product, relay);
    const { page } = await enter("/settings/smtp");
    await form.port(page).fill(String(next.port));
    await form.password(page).fill(password);
    await page
      .getByText("Sendwright keeps sending with the current settings until the new ones pass their test.")
      .waitFor();
    await form.save(page);
    await form.saved(page);
    await form.result(page, "Authenticate", "passed");
    expect(await current(product, id)).toMatchObject({
      version: 2,
      smtpPort: next.port,
      lastTest: { ok: true },
    });
    expect(await page.getByText(kept).count()).toBe(0);
    await deliver(product, { subject: "Hello", text: "Hello" });
    expect(next.messages).toHaveLength(1);
  });

  test("that fails its test is kept as a draft, while the settings that work go on sending", async ({
    product,
    enter,
  }) => {
    await using relay = await startTestRelay(account);
    const id = await add(product, relay);
    const { page } = await enter("/settings/smtp");
    await button(page, "Replace").click();
    await form.password(page).fill("mistyped");
    await form.save(page);
    await page.getByText(kept).waitFor();
    await page.getByText("The draft failed its test").waitFor();
    await form.result(page, "Authenticate", "failed");
    await page.getByText("Last test passed").waitFor();
    await deliver(product, { subject: "Hello", text: "Hello" });
    expect(relay.messages).toHaveLength(1);

    // It is kept: nothing is lost by going elsewhere, and somebody goes on from there later.
    await page.getByRole("link", { name: "Emails", exact: true }).click();
    await page.getByRole("heading", { name: "Emails", level: 1 }).waitFor();
    await page.getByRole("link", { name: "SMTP settings" }).click();
    await page.getByText("saved a draft").waitFor();
    await button(page, "Continue editing").click();
    await button(page, "Replace").click();
    await form.password(page).fill(password);
    await form.fromName(page).fill("Shop of tomorrow");
    await form.save(page);
    await form.saved(page);
    expect(await current(product, id)).toMatchObject({ version: 2, fromName: "Shop of tomorrow" });
  });

  test("keeps the password of its draft for the server that it was typed for", async ({ product, enter }) => {
    await using relay = await startTestRelay(account);
    let isStrict = true;
    await using next = await startTestRelay({
      ...account,
      onMail: () => (isStrict ? "550 5.7.1 Not this sender" : undefined),
    });
    const id = await add(product, relay);
    const { page } = await enter("/settings/smtp");
    await form.port(page).fill(String(next.port));
    await form.password(page).fill(password);
    await form.save(page);
    await form.result(page, "Sender accepted", "failed");
    await page.getByText(kept).waitFor();
    await page.getByText("Saved and never shown.").waitFor();
    isStrict = false;
    await form.fromName(page).fill("Shop");
    await form.test(page);
    await page.getByText("All steps passed").waitFor();
    expect((await current(product, id)).version).toBe(1);
    await page.getByText("The draft passed its test").waitFor();
    await button(page, "Activate draft").click();
    await form.saved(page);
    expect(await current(product, id)).toMatchObject({ version: 2, smtpPort: next.port, fromName: "Shop" });
  });

  test("can be used although it failed, after a question, or be discarded", async ({ product, enter }) => {
    await using relay = await startTestRelay({ ...account, onMail: () => "451 4.3.0 Try later" });
    await using sound = await startTestRelay(account);
    const id = await add(product, sound);
    const { page } = await enter("/settings/smtp");
    const fail = async () => {
      await form.port(page).fill(String(relay.port));
      await form.password(page).fill(password);
      await form.save(page);
      await page.getByText(kept).waitFor();
    };
    await fail();
    await button(page, "Discard draft").click();
    await expect.poll(() => form.port(page).inputValue()).toBe(String(sound.port));
    expect(await page.getByText(kept).count()).toBe(0);
    expect(await product.call("GET", `/api/smtp-configs/${id}/draft`)).toEqual({ draft: null });

    await fail();
    await button(page, "Activate anyway").click();
    await dialog(page).getByText("The test failed").waitFor();
    await dialog(page).getByRole("button", { name: "Activate anyway" }).click();
    await page.getByRole("status").getByText("Saved, test failed").waitFor();
    expect(await current(product, id)).toMatchObject({ smtpPort: relay.port, lastTest: { ok: false } });
    // It works no longer: what mends it need not be staged.
    await button(page, "Save Settings").waitFor();
  });

  test("can be saved without a test, which is said", async ({ product, enter }) => {
    await using relay = await startTestRelay(account);
    const id = await add(product, relay);
    const { page } = await enter("/settings/smtp");
    await form.fromName(page).fill("Shop");
    await button(page, "Save without testing").click();
    await page.getByRole("status").getByText("Saved untested").waitFor();
    expect(await current(product, id)).toMatchObject({ fromName: "Shop", lastTest: null });
    await versionRow(page, 2).getByText("Not tested").waitFor();
  });

  test("says so where somebody else saved after the draft was created", async ({ product, enter }) => {
    await using relay = await startTestRelay(account);
    const id = await add(product, relay);
    const saved = await current(product, id);
    await product.call("PUT", `/api/smtp-configs/${id}/draft`, { ...saved, fromName: "Drafted" });
    const { page } = await enter("/settings/smtp");
    await page.getByText("The draft hasn't been tested.").waitFor();
    await change(product, id, { fromName: "Theirs" });
    await button(page, "Activate anyway").click();
    await dialog(page).getByText("These settings haven't been tested").waitFor();
    await dialog(page).getByRole("button", { name: "Activate anyway" }).click();
    await page.getByText("Someone else saved this config while you were editing.").waitFor();
    await button(page, "Load current values").click();
    await expect.poll(() => form.fromName(page).inputValue()).toBe("Theirs");
    await page.getByText("after the draft was created").waitFor();
    expect(await button(page, "Activate anyway").count()).toBe(0);
    await button(page, "Discard draft").click();
    await page.getByText("after the draft was created").waitFor({ state: "detached" });
  });
});

test("the history tells who changed what, and leads back", async ({ product, enter }) => {
  await using relay = await startTestRelay(account);
  const id = await add(product, relay);
  await change(product, id, { fromName: "Second" });
  await change(product, id, { fromName: "Third", useTls: false, maxPerSecond: 5 });
  await change(product, id, { password: "another", fromName: "Fourth" });
  const { page } = await enter("/settings/smtp", { viewport: { width: 390, height: 844 } });
  await versionRow(page, 4).getByText("Current").waitFor();
  await versionRow(page, 4)
    .getByText(/From name: Third .*Fourth/)
    .waitFor();
  await versionRow(page, 4).getByText("Password: changed").waitFor();
  await versionRow(page, 3)
    .getByText(/Emails per second: no limit .*5/)
    .waitFor();
  expect(await history(page).innerText()).not.toContain("another");

  expect(await versionRow(page, 1).count()).toBe(0);
  await button(page, "Show all 4 versions").click();
  await versionRow(page, 1).getByText("Test passed").waitFor();
  await button(page, "Restore version 1").click();
  await dialog(page).getByText("with the password saved with it").waitFor();
  await dialog(page).getByRole("button", { name: "Restore version" }).click();
  await versionRow(page, 5).getByText("Current").waitFor();
  await expect.poll(() => form.fromName(page).inputValue()).toBe("Example Shop");
  await page.getByText("Last test passed").waitFor();
});

describe("a change that fails with its first email", () => {
  const subject = { subject: "It waits", text: "Hello", to: "jo@example.com" };

  async function fail(product: Product, id: string): Promise<void> {
    await change(product, id, { password: "mistyped" });
    await product.call("POST", "/api/emails", subject);
    await expect.poll(async () => (await current(product, id)).returnTo).toBe(1);
  }

  test("is told on the page of its config, with the way back, and what waited is sent", async ({
    product,
    enter,
  }) => {
    await using relay = await startTestRelay(account);
    const id = await add(product, relay);
    await fail(product, id);
    const { page } = await enter("/settings/smtp");
    await page.getByRole("alert").getByText("Sending has failed since").waitFor();
    await button(page, "Save Settings").waitFor();
    await page.getByRole("button", { name: "Restore previous version" }).click();
    await page.getByText("Sending has failed since").waitFor({ state: "detached" });
    await relay.delivered(1);
    expect((await current(product, id)).version).toBe(3);
  });

  test("is told in the list and on the overview as well", async ({ product, enter }) => {
    await using relay = await startTestRelay(account);
    const id = await add(product, relay, { name: "Main relay" });
    await fail(product, id);
    await product.call("POST", "/api/smtp-configs", { ...product.sandboxConfig, name: "In reserve" });
    const { page } = await enter("/settings/smtp");
    const row = page.getByRole("listitem").filter({ has: page.getByRole("link", { name: "Main relay" }) });
    await row.getByText("Sending has failed since").waitFor();
    await row.getByRole("button", { name: "Restore previous version of Main relay" }).waitFor();
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByText("Main relay has failed since").waitFor();
    await page.getByRole("button", { name: "Restore previous version of Main relay" }).click();
    await page.getByText("Main relay has failed since").waitFor({ state: "detached" });
    expect(await current(product, id)).toMatchObject({ version: 3, returnTo: null });
  });

  test("returns by itself where an admin wants that", async ({ product, enter }) => {
    await using relay = await startTestRelay(account);
    const id = await add(product, relay);
    const { page } = await enter("/settings/smtp");
    await page
      .getByRole("switch", { name: "Restore the previous version automatically when a change fails" })
      .click();
    await expect
      .poll(() => product.call("GET", "/api/settings"))
      .toMatchObject({ returnFailedChanges: true });
    await change(product, id, { password: "mistyped" });
    await product.call("POST", "/api/emails", subject);
    await relay.delivered(1);
    await page.reload();
    await versionRow(page, 3).getByText("by Sendwright").waitFor();
  });
});
