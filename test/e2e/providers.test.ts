import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { deliver } from "./sample.ts";
import { test } from "./scene.ts";
import * as form from "./settings-form.ts";

interface Config {
  readonly id: string;
  readonly name: string;
  readonly position: number;
  readonly enabled: boolean;
  readonly smtpServer: string;
}
interface Configs {
  readonly items: readonly Config[];
}

const provider = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const find = (page: Page) => page.getByLabel("Find your provider");
const region = (page: Page) => page.getByLabel("Region");
const focused = (page: Page) => page.evaluate<string>("document.activeElement.outerHTML");

/** The fields that a provider fills in. */
async function filled(page: Page) {
  return {
    smtpServer: await form.server(page).inputValue(),
    smtpPort: await form.port(page).inputValue(),
    useTls: await form.tls(page).isChecked(),
    username: await form.username(page).inputValue(),
    fromEmail: await form.fromEmail(page).inputValue(),
  };
}

describe("choosing a provider", () => {
  test("leaves to type what is one's own, says what that is, and saves a config that works so", async ({
    product,
    enter,
  }) => {
    const { page } = await enter("/settings/smtp");
    await provider(page, "SendGrid").click();
    expect(await filled(page)).toEqual({
      smtpServer: "smtp.sendgrid.net",
      smtpPort: "587",
      useTls: true,
      username: "apikey",
      fromEmail: "",
    });
    expect(await form.description(form.username(page))).toContain("not the API key itself");
    expect(await form.description(form.password(page))).toContain("begins with SG.");
    expect(await form.description(form.fromEmail(page))).toContain("verified sender");
    const help = page.getByRole("link", { name: "SendGrid help" });
    expect(await help.getAttribute("href")).toMatch(/^https:\/\/www\.twilio\.com\/docs\/sendgrid\//);

    // The focus waits where the first thing is to be typed.
    await page.keyboard.type("SG.something");
    await form.fromEmail(page).fill("shop@example.com");
    await form.save(page);
    await form.saved(page);
    const { items } = await product.call<Configs>("GET", "/api/smtp-configs");
    expect(items).toMatchObject([
      {
        smtpServer: "smtp.sendgrid.net",
        smtpPort: 587,
        useTls: true,
        tlsMode: "auto",
        username: "apikey",
        password: "********",
        fromEmail: "shop@example.com",
      },
    ]);
    await page.reload();
    await page.getByText("SendGrid", { exact: true }).waitFor();
    expect(await find(page).count()).toBe(0);
  });

  test("by keyboard alone, with its region", async ({ product, enter }) => {
    const { page } = await enter("/settings/smtp");
    await find(page).focus();
    await page.keyboard.type("aws");
    await page.keyboard.press("Enter");
    expect(await focused(page)).toContain("<select");
    await region(page).selectOption({ label: "Europe, Ireland (eu-west-1)" });
    expect(await form.server(page).inputValue()).toBe("email-smtp.eu-west-1.amazonaws.com");
    expect(await form.description(form.username(page))).toContain("Not an IAM access key");
    await form.username(page).fill("AKIAEXAMPLE");
    await form.password(page).fill("an SMTP password");
    await form.fromEmail(page).fill("shop@example.com");
    await form.save(page);
    await form.saved(page);
    const { items } = await product.call<Configs>("GET", "/api/smtp-configs");
    expect(items[0]?.smtpServer).toBe("email-smtp.eu-west-1.amazonaws.com");
    await page.reload();
    await page.getByText("Amazon SES", { exact: true }).waitFor();
    expect(await region(page).inputValue()).toBe("email-smtp.eu-west-1.amazonaws.com");
  });

  test("is the same as typing its server", async ({ enter }) => {
    const { page } = await enter("/settings/smtp");
    await form.server(page).fill("SMTP.Fastmail.com");
    expect(await form.description(form.username(page))).toContain("Fastmail address");
    await form.server(page).fill("mail.example.com");
    expect(await form.description(form.username(page))).not.toContain("Fastmail");
    await find(page).fill("no such provider");
    await page.getByText("No known provider has this name").waitFor();
    await provider(page, "Another server").click();
    expect(await form.server(page).inputValue()).toBe("mail.example.com");
    expect(await focused(page)).toContain("smtp.example.com");
  });

  test("of a saved config asks for the password again, and going back brings it back", async ({
    product,
    enter,
  }) => {
    const gmail = {
      smtpServer: "smtp.gmail.com",
      smtpPort: 465,
      username: "jo@gmail.com",
      password: "sixteen letters!",
      fromEmail: "jo@gmail.com",
    };
    await product.call("POST", "/api/smtp-configs", gmail);
    const { page } = await enter("/settings/smtp");
    await page.getByText("Saved and never shown.").waitFor();
    await provider(page, "Change provider").click();
    await provider(page, "SendGrid").click();
    await page
      .getByText("Sendwright sends a saved password only to the server and username it was saved for")
      .waitFor();
    await form.password(page).fill("of SendGrid alone");
    await provider(page, "Change provider").click();
    await provider(page, "Postmark").click();
    await form.username(page).fill("a token");
    expect(await form.password(page).inputValue()).toBe("");

    await provider(page, "Change provider").click();
    await provider(page, "Gmail").click();
    expect(await filled(page)).toMatchObject({ smtpPort: "465", username: "jo@gmail.com" });
    await page.getByText("Saved and never shown.").waitFor();
    expect(await page.getByText("Unsaved changes").count()).toBe(0);
  });

  test("of the sandbox fills in everything: one click, Enter, and emails arrive", async ({
    product,
    enter,
  }) => {
    const { page } = await enter("/settings/smtp");
    await page.getByRole("button", { name: /^Built-in sandbox/ }).click();
    await page.getByText("The sandbox captures every email").waitFor();
    expect(await filled(page)).toEqual({
      smtpServer: "127.0.0.1",
      smtpPort: String(product.services.sandbox?.port),
      useTls: false,
      username: "",
      fromEmail: "sendwright@example.com",
    });
    await page.keyboard.press("Enter");
    await form.saved(page);
    await form.test(page);
    await page.getByText(/^All steps passed/).waitFor();
    await deliver(product, { subject: "Hello", text: "Hello" });
    expect(product.services.sandbox?.list()).toMatchObject([{ from: "sendwright@example.com" }]);
  });
});

describe("several configs", () => {
  const row = (page: Page, name: string) =>
    page
      .getByRole("main")
      .getByRole("listitem")
      .filter({ has: page.getByRole("link", { name, exact: true }) });
  const mover = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

  test("are put in order by keyboard, and the first that can send is in use", async ({ product, enter }) => {
    for (const name of ["One", "Two", "Three"]) {
      await product.call("POST", "/api/smtp-configs", { ...product.sandboxConfig, name });
    }
    const names = async () =>
      (await product.call<Configs>("GET", "/api/smtp-configs")).items.map(({ name }) => name);
    const { page } = await enter("/settings/smtp");
    await row(page, "One").getByText("In use").waitFor();

    await mover(page, "Move Three up").focus();
    await page.keyboard.press("Enter");
    await page.getByText("Three is now 2 of 3.").waitFor();
    await expect.poll(() => focused(page)).toContain('aria-label="Move Three up"');
    await page.keyboard.press("Enter");
    await page.getByText("Three is now 1 of 3.").waitFor();
    await row(page, "Three").getByText("In use").waitFor();
    await expect.poll(names).toEqual(["Three", "One", "Two"]);
    // At the end it keeps the focus and does nothing.
    await expect.poll(() => focused(page)).toContain('aria-label="Move Three up"');
    await page.keyboard.press("Enter");

    await mover(page, "Move One down").click();
    await expect.poll(names).toEqual(["Three", "Two", "One"]);
    await page.reload();
    await row(page, "Three").waitFor();
    expect(await page.getByRole("main").getByRole("listitem").getByRole("link").allInnerTexts()).toEqual([
      "Three",
      "Two",
      "One",
    ]);
  });

  test("are switched off and on in the list, with their passwords and tests kept", async ({
    product,
    enter,
  }) => {
    const withPassword = { username: "shop", password: "t0p-s3cret", allowCleartextAuth: true };
    const { id } = await product.call<Config>("POST", "/api/smtp-configs", {
      ...product.sandboxConfig,
      ...withPassword,
      name: "Main",
    });
    await product.call("POST", `/api/smtp-configs/${id}/test`);
    await product.call("POST", "/api/smtp-configs", { ...product.sandboxConfig, name: "Reserve" });
    const config = () => product.call<Config>("GET", `/api/smtp-configs/${id}`);
    const { page } = await enter("/settings/smtp");
    const use = page.getByRole("switch", { name: "Use Main for sending" });
    await use.press("Space");
    await row(page, "Main").getByText("Off").waitFor();
    await row(page, "Reserve").getByText("In use").waitFor();
    await expect.poll(config).toMatchObject({ enabled: false, password: "********", lastTest: { ok: true } });
    // Drawn over the input that it stands for.
    await use.click({ force: true });
    await row(page, "Main").getByText("In use").waitFor();
    await expect.poll(config).toMatchObject({ enabled: true, password: "********", lastTest: { ok: true } });
    expect(page.url()).toBe(`${product.url}/settings/smtp`);
  });

  test("say why one is not used", async ({ product, enter }) => {
    for (const name of ["Paused", "Broken"]) {
      await product.call("POST", "/api/smtp-configs", { ...product.sandboxConfig, name });
    }
    const { db } = product.services.store;
    await db
      .updateTable("smtp_config")
      .set({ paused_until: Date.now() + 3_600_000, paused_reason: "The relay refused the sign-in." })
      .where("name", "=", "Paused")
      .execute();
    await db.updateTable("smtp_config").set({ smtp_port: 1 }).where("name", "=", "Broken").execute();
    const { page } = await enter("/settings/smtp");
    await row(page, "Paused").getByText("The relay refused the sign-in.").waitFor();
    await row(page, "Broken").getByText("modified outside Sendwright").waitFor();
    expect(await page.getByText("In use").count()).toBe(0);
    await row(page, "Broken").getByRole("link").click();
    await page.getByRole("heading", { name: "Broken", level: 1 }).waitFor();
  });

  test("tell of a list that has changed elsewhere, and show it as it is", async ({ product, enter }) => {
    for (const name of ["One", "Two"]) {
      await product.call("POST", "/api/smtp-configs", { ...product.sandboxConfig, name });
    }
    const { page } = await enter("/settings/smtp");
    await row(page, "Two").waitFor();
    await product.call("POST", "/api/smtp-configs", { ...product.sandboxConfig, name: "Three" });
    await mover(page, "Move Two up").click();
    await page.getByRole("alert").getByText("Someone else created or deleted a config").waitFor();
    await row(page, "Three").waitFor();
    expect(await page.getByRole("main").getByRole("listitem").getByRole("link").allInnerTexts()).toEqual([
      "One",
      "Two",
      "Three",
    ]);
  });
});
