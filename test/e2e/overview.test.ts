import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { admin, type Product } from "./product.ts";
import { makeSample } from "./sample.ts";
import { test } from "./scene.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(`${axe}; void 0`);
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run(document, { resultTypes: ["violations"] })`,
  );
  return violations.map(
    ({ impact, id, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html).join(" ")}`,
  );
}

const pause = (product: Product) =>
  product.services.store.db
    .updateTable("smtp_config")
    .set({ paused_until: Date.now() + 600_000, paused_reason: "The sign-in was refused" })
    .execute();

describe("a newcomer", () => {
  test("gets from nothing to a delivered email in three clicks, by keyboard alone", async ({
    product,
    enter,
  }) => {
    const { page } = await enter("/");
    await page.getByRole("heading", { name: "Welcome", level: 1 }).waitFor();
    for (const name of ["Use the sandbox", "Test Connection", "Send email"]) {
      await page.getByRole("button", { name }).waitFor();
      do await page.keyboard.press("Tab");
      while ((await page.evaluate("document.activeElement.textContent")) !== name);
      await page.keyboard.press("Enter");
    }
    await page.getByText("The sandbox captured it.").waitFor();
    const caught = await product.call<{ items: { to: string[] }[] }>("GET", "/api/sandbox/emails");
    expect(caught.items.map(({ to }) => to)).toEqual([[admin.email]]);

    await page.getByRole("button", { name: "Go to overview" }).click();
    await page.getByText("Every email goes to the built-in sandbox").waitFor();
    await page.getByRole("link", { name: "Your first email from Sendwright" }).waitFor();
  });

  test("goes on where they were, on the next visit", async ({ product, enter }) => {
    const { page } = await enter("/");
    await page.getByRole("button", { name: "Use the sandbox" }).waitFor();
    await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
    await page.reload();
    await page.getByRole("button", { name: "Test Connection" }).click();
    await page.getByRole("button", { name: "Send email" }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Send email" }).waitFor();
    expect(await page.getByRole("button", { name: "Test Connection" }).count()).toBe(0);
  });

  test("is told what to do where the test fails", async ({ product, enter }) => {
    await product.call("POST", "/api/smtp-configs", { ...product.sandboxConfig, smtpPort: 1 });
    const { page } = await enter("/");
    await page.getByRole("button", { name: "Test Connection" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByRole("link", { name: "Change settings" }).waitFor();
  });
});

describe("the overview", () => {
  test("says live whether mail works, and leads to what is in the way", async ({ product, enter }) => {
    const { config } = await makeSample(product);
    const { page } = await enter("/");
    await page.getByText("Every email goes to the built-in sandbox").waitFor();
    await page.getByRole("img", { name: /^Last 24 hours: 2 sent, 1 queued, 2 failed/ }).waitFor();
    await page.getByText("1 scheduled", { exact: true }).waitFor();
    await page.getByText("View as table").first().click();
    await page.getByRole("table", { name: "Last 24 hours" }).waitFor();

    await pause(product);
    await page
      .getByText("Sendwright can't send mail. 127.0.0.1 is paused: The sign-in was refused.")
      .waitFor();
    await page.getByRole("region", { name: "Mail status" }).getByText("SMTP settings").click();
    await page.waitForURL(`${product.url}/settings/smtp/${config}`);

    await product.call("DELETE", `/api/smtp-configs/${config}`);
    await page.goto(`${product.url}/`);
    await page.getByText("Mail isn't set up yet.").waitFor();
  });

  /** Looks at the page as it is, on a desk and on a phone, in the light and in the dark. */
  async function expectFitsEveryScreen(page: Page): Promise<void> {
    for (const width of [1280, 390]) {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize({ width, height: 844 });
        await page.emulateMedia({ colorScheme });
        await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
        const look = `${width} px, ${colorScheme}`;
        expect(await page.evaluate("document.documentElement.scrollWidth"), look).toBeLessThanOrEqual(width);
        expect(await barriers(page), look).toEqual([]);
      }
    }
  }

  test.for([
    {
      when: "there is no config",
      prepare: async () => {},
      show: (page: Page) => page.getByRole("button", { name: "Use the sandbox" }).waitFor(),
    },
    {
      when: "emails were sent",
      prepare: async (product: Product) => void (await makeSample(product)),
      async show(page: Page) {
        await page.getByText("Every email goes to the built-in sandbox").waitFor();
        await page.getByText("View as table").first().click();
      },
    },
    {
      when: "the only config is paused",
      async prepare(product: Product) {
        await makeSample(product);
        await pause(product);
      },
      show: (page: Page) => page.getByText("Sendwright can't send mail.").waitFor(),
    },
  ])("has no barrier and fits every screen while $when", async ({ prepare, show }, { product, enter }) => {
    await prepare(product);
    const { page } = await enter("/", { reducedMotion: "reduce" });
    await show(page);
    // A colour on its way from one look to the other is of neither.
    await page.addStyleTag({ content: "*, *::before, *::after { transition: none !important }" });
    await expectFitsEveryScreen(page);
  });
});

test("the account lists where one is signed in, and ends the others", async ({ product, enter }) => {
  const elsewhere = await enter("/account", { userAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0" });
  const { page } = await enter("/account");
  const sessions = page.getByRole("region", { name: "Sessions" });
  await sessions.getByText("Firefox on Linux").waitFor();
  expect(await sessions.getByText("This session").count()).toBe(1);
  await sessions.getByRole("button", { name: "Sign out everywhere else" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere else" }).click();
  await sessions.getByText("You have no other sessions.").waitFor();
  await elsewhere.page.goto(`${product.url}/emails`);
  await elsewhere.page.getByRole("heading", { name: "Sign in" }).waitFor();
});
