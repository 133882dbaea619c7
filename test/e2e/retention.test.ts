import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import type { Product } from "./product.ts";
import { test } from "./scene.ts";

const contents = (page: Page) => page.getByLabel("Keep content for");
const emails = (page: Page) => page.getByLabel("Keep emails for");
const save = (page: Page) => page.getByRole("button", { name: "Save", exact: true }).click();
const saved = (page: Page) => page.getByRole("status").getByText("Saved", { exact: true }).waitFor();
const settings = (product: Product) => product.call("GET", "/api/settings");

describe("retention", () => {
  test("says what is deleted when, while it is typed, and keeps what is saved", async ({
    product,
    enter,
  }) => {
    const { page } = await enter("/");
    await page.getByRole("link", { name: "Retention" }).click();
    const steps = page.getByRole("region", { name: "What is deleted when" }).getByRole("listitem");
    await steps.filter({ hasText: "Content of all other emails" }).getByText("After 30 days").waitFor();
    await contents(page).fill("60");
    await steps.filter({ hasText: "Content of all other emails" }).getByText("After 60 days").waitFor();
    await emails(page).fill("365");
    await steps.filter({ hasText: "The emails themselves" }).getByText("After 365 days").waitFor();
    await save(page);
    await saved(page);
    expect(await settings(product)).toMatchObject({ contentRetentionDays: 60, emailRetentionDays: 365 });
    await page.reload();
    await contents(page).waitFor();
    expect([await contents(page).inputValue(), await emails(page).inputValue()]).toEqual(["60", "365"]);
  });

  test("asks before it keeps less, and only then", async ({ product, enter }) => {
    const { page } = await enter("/settings/retention");
    await contents(page).fill("7");
    await save(page);
    const dialog = page.getByRole("dialog");
    await dialog
      .getByText("Sendwright deletes the content of emails that became final more than 7 days ago.")
      .waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect(await settings(product)).toMatchObject({ contentRetentionDays: 30, emailRetentionDays: 90 });
    await save(page);
    await dialog.getByRole("button", { name: "Save and delete" }).click();
    await saved(page);
    expect(await settings(product)).toMatchObject({ contentRetentionDays: 7, emailRetentionDays: 90 });

    await page.getByRole("link", { name: "Audit log" }).click();
    const entry = page.getByRole("row").filter({ hasText: "Settings changed" });
    await entry.getByText("contentRetentionDays").waitFor();
  });

  test("says at its field what is wrong, and keeps it from being lost with a click", async ({
    product,
    enter,
  }) => {
    const { page } = await enter("/settings/retention");
    await contents(page).fill("100");
    await save(page);
    await page.getByText("Must not be longer than the retention of emails").waitFor();
    expect(await contents(page).getAttribute("aria-invalid")).toBe("true");
    expect(await page.evaluate("document.activeElement.value")).toBe("100");
    expect(await settings(product)).toMatchObject({ contentRetentionDays: 30, emailRetentionDays: 90 });

    await page.getByRole("link", { name: "Emails" }).click();
    await page.getByRole("button", { name: "Stay" }).click();
    expect(await contents(page).inputValue()).toBe("100");
    await page.getByRole("button", { name: "Discard changes" }).click();
    expect(await contents(page).inputValue()).toBe("30");
    await page.getByRole("link", { name: "Emails" }).click();
    await page.getByRole("heading", { name: "Emails", level: 1 }).waitFor();
  });

  test("keeps what was typed when another admin was faster, and shows theirs when asked", async ({
    product,
    enter,
  }) => {
    const { page } = await enter("/settings/retention");
    await emails(page).fill("365");
    await product.call("PATCH", "/api/settings", { version: 1, emailRetentionDays: 120 });
    await save(page);
    await page.getByText("Someone else saved these settings while you were editing.").waitFor();
    expect(await emails(page).inputValue()).toBe("365");
    expect(await settings(product)).toMatchObject({ emailRetentionDays: 120, version: 2 });
    await page.getByRole("button", { name: "Load current values" }).click();
    await expect.poll(() => emails(page).inputValue()).toBe("120");
    await emails(page).fill("365");
    await save(page);
    await saved(page);
    expect(await settings(product)).toMatchObject({ emailRetentionDays: 365, version: 3 });
  });

  test("is not undone by an admin who saves the brand on a page that was open before", async ({
    product,
    enter,
  }) => {
    const { page } = await enter("/settings/brand");
    await page.getByLabel("Name", { exact: true }).fill("Fjord Supply");
    await product.call("PATCH", "/api/settings", {
      version: 1,
      contentRetentionDays: 60,
      brand: { color: "#0f766e" },
    });
    await save(page);
    await page.getByText("Someone else saved these settings while you were editing.").waitFor();
    await page.getByRole("button", { name: "Load current values" }).click();
    await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("");
    await page.getByLabel("Name", { exact: true }).fill("Fjord Supply");
    await product.call("PATCH", "/api/settings", {
      version: 2,
      contentRetentionDays: 45,
      checkEveryHours: 6,
    });
    // Nobody has touched the brand meanwhile: nothing is in its way.
    await save(page);
    await saved(page);
    expect(await settings(product)).toMatchObject({
      contentRetentionDays: 45,
      checkEveryHours: 6,
      brand: { name: "Fjord Supply", color: "#0f766e" },
    });
  });
});
