import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import type { Product } from "./product.ts";
import { test } from "./scene.ts";
import * as form from "./settings-form.ts";

const reason = "The sign-in was refused";

const pause = (product: Product, id: string) =>
  product.services.store.db
    .updateTable("smtp_config")
    .set({ paused_until: Date.now() + 2_400_000, paused_reason: reason })
    .where("id", "=", id)
    .execute();
const add = async (product: Product, name: string) =>
  (await product.call<{ id: string }>("POST", "/api/smtp-configs", { ...product.sandboxConfig, name })).id;
const row = (page: Page, name: string) =>
  page.getByRole("listitem").filter({ has: page.getByRole("link", { name }) });

describe("a paused config", () => {
  test("shows until when and why in the list, and is used again when told", async ({ product, enter }) => {
    const first = await add(product, "Main relay");
    await add(product, "In reserve");
    await pause(product, first);
    const { page } = await enter("/settings/smtp");
    await row(page, "Main relay").getByText("Paused, next attempt in 40 minutes").waitFor();
    await row(page, "Main relay").getByText(reason).waitFor();
    await row(page, "In reserve").getByText("In use").waitFor();

    await row(page, "Main relay").getByRole("button", { name: "Resume sending" }).click();
    await row(page, "Main relay").getByText("In use").waitFor();
    await row(page, "In reserve").getByText("Standby").waitFor();
    await page.getByRole("status").getByText("Sending with Main relay resumed.").waitFor();
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Main relay");
    expect(await row(page, "Main relay").getByText(reason).count()).toBe(0);
    const entries = await product.call<{ items: { action: string }[] }>("GET", "/api/audit-log");
    expect(entries.items[0]?.action).toBe("smtp_config.resumed");
  });

  test("shows both above its form, keeps what is typed there, and sends what waited", async ({
    product,
    enter,
  }) => {
    const id = await add(product, "Main relay");
    await pause(product, id);
    const email = { to: "jo@example.com", subject: "It waited", text: "Hello" };
    await product.call("POST", "/api/emails", email);
    const { page } = await enter("/settings/smtp");
    await page.getByRole("status").getByText(reason).waitFor();
    await page.getByLabel("From name").fill("Not saved yet");
    await page.getByRole("button", { name: "Resume sending" }).click();
    await page.getByText(reason).waitFor({ state: "detached" });
    expect(await page.getByLabel("From name").inputValue()).toBe("Not saved yet");
    await expect.poll(() => product.services.sandbox?.list().length).toBe(1);
  });

  test("appears and goes by itself while somebody looks", async ({ product, enter }) => {
    const first = await add(product, "Main relay");
    await add(product, "In reserve");
    const { page } = await enter("/account");
    await page.clock.install();
    await page.goto(`${product.url}/settings/smtp`);
    await row(page, "Main relay").getByText("In use").waitFor();
    await pause(product, first);
    await page.clock.fastForward(10_000);
    await row(page, "Main relay").getByText(reason).waitFor();
    await product.call("POST", `/api/smtp-configs/${first}/resume`);
    await page.clock.fastForward(10_000);
    await row(page, "Main relay").getByText("In use").waitFor();
  });
});

test("the limits of a config are explained, and saved", async ({ product, enter }) => {
  const id = await add(product, "Main relay");
  const { page } = await enter("/settings/smtp");
  await page.getByRole("button", { name: "Advanced" }).click();
  await page.getByText("Each connection sends one email at a time.").waitFor();
  await page.getByLabel("Maximum connections").fill("3");
  await page.getByLabel("Emails per second").fill("14");
  await form.save(page);
  await form.saved(page);
  expect(await product.call("GET", `/api/smtp-configs/${id}`)).toMatchObject({
    maxConnections: 3,
    maxPerSecond: 14,
  });
});
