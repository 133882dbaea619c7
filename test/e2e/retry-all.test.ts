import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { storeEmail } from "../support/stored-email.ts";
import type { Product } from "./product.ts";
import { test } from "./scene.ts";

/** Emails that failed a while ago. */
async function fill(product: Product, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const subject = `Your order ${index + 1}`;
    await storeEmail(product.services.store.db, {
      acceptedAt: Date.now() - 60_000,
      state: "failed",
      subject,
    });
  }
}

const countOf = async (product: Product, state: string) =>
  (await product.call<{ count: number }>("GET", `/api/emails/count?state=${state}`)).count;

/** Lets requests for a part through one by one. */
async function gateParts(page: Page): Promise<() => void> {
  const held: (() => void)[] = [];
  let passes = 0;
  await page.route("**/api/emails/retry", async (route) => {
    if (passes === 0) await new Promise<void>((resolve) => held.push(resolve));
    else passes -= 1;
    await route.continue();
  });
  return () => {
    const next = held.shift();
    if (next === undefined) passes += 1;
    else next();
  };
}

const ask = (page: Page) => page.getByRole("button", { name: "Retry all" }).click();
const dialog = (page: Page) => page.getByRole("dialog");
const confirm = (page: Page) => dialog(page).getByRole("button", { name: "Retry all" }).click();

describe("trying all again", () => {
  test("says how many, shows how far it is, stops when told and goes on where it was", async ({
    product,
    enter,
  }) => {
    await fill(product, 450);
    await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
    const { page } = await enter("/emails?state=failed");
    const letThrough = await gateParts(page);
    await ask(page);
    await dialog(page).getByText("This list has 450 emails.").waitFor();
    await confirm(page);
    await dialog(page).getByText("0 of 450 queued again").waitFor();
    letThrough();
    await dialog(page).getByText("200 of 450 queued again").waitFor();
    const bar = dialog(page).getByRole("progressbar");
    expect(Number(await bar.getAttribute("value"))).toBeCloseTo(200 / 450);

    await dialog(page).getByRole("button", { name: "Stop" }).click();
    letThrough();
    await dialog(page).getByRole("heading", { name: "Stopped" }).waitFor();
    await dialog(page).getByText("400 of 450 queued again").waitFor();
    expect(await countOf(product, "failed")).toBe(50);

    await dialog(page).getByRole("button", { name: "Resume" }).click();
    letThrough();
    await dialog(page).getByRole("heading", { name: "Done" }).waitFor();
    await dialog(page).getByText("450 of 450 queued again").waitFor();
    await dialog(page).getByRole("button", { name: "Close" }).last().click();
    await page.getByText("No emails match").waitFor();
    expect(await countOf(product, "failed")).toBe(0);
    await expect.poll(() => countOf(product, "sent")).toBeGreaterThan(0);
  });

  test("goes by state and words together, and leaves out what has no contents", async ({
    product,
    enter,
  }) => {
    await fill(product, 12);
    const { db } = product.services.store;
    const twelfth = await db
      .selectFrom("emails")
      .select("id")
      .where("subject", "=", "Your order 12")
      .executeTakeFirstOrThrow();
    await db.deleteFrom("email_content").where("email_id", "=", twelfth.id).execute();
    const { page } = await enter("/emails?state=failed&q=order%201");
    await ask(page);
    // 1, 10, 11 and 12
    await dialog(page).getByText("This list has 4 emails.").waitFor();
    await confirm(page);
    await dialog(page).getByText("3 of 4 queued again").waitFor();
    await dialog(page).getByText("1 skipped").waitFor();
    expect(await countOf(product, "failed")).toBe(9);
    expect(await countOf(product, "queued")).toBe(3);
  });

  test("is done by keyboard, and says of a failure what was done until then", async ({ product, enter }) => {
    await fill(product, 250);
    const { page, witness } = await enter("/emails?state=failed");
    witness.allow(/503/);
    let parts = 0;
    await page.route("**/api/emails/retry", (route) => {
      parts += 1;
      if (parts !== 2) return route.continue();
      return route.fulfill({
        status: 503,
        contentType: "application/problem+json",
        body: JSON.stringify({
          title: "The database cannot be used now",
          status: 503,
          code: "store.unavailable",
        }),
      });
    });
    await page.getByRole("button", { name: "Retry all" }).focus();
    await page.keyboard.press("Enter");
    await dialog(page).getByText("This list has 250 emails.").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await dialog(page).getByText("The database cannot be used now").waitFor();
    await dialog(page).getByText("200 of 250 queued again").waitFor();
    // The focus is where one goes on.
    await page.keyboard.press("Enter");
    await dialog(page).getByText("250 of 250 queued again").waitFor();
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "detached" });
    expect(await countOf(product, "queued")).toBe(250);
  });

  test("is offered where there is something to try", async ({ product, enter }) => {
    await fill(product, 1);
    const { page } = await enter("/emails");
    const offer = page.getByRole("button", { name: "Retry all" });
    await page.getByRole("link", { name: "Your order 1" }).waitFor();
    expect(await offer.count()).toBe(0);
    await page.getByLabel("State").selectOption({ label: "Failed" });
    await offer.waitFor();
    await page.getByLabel("State").selectOption({ label: "Expired" });
    await page.getByText("No emails match").waitFor();
    expect(await offer.count()).toBe(0);
  });
});
