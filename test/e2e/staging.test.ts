import { describe, expect } from "vitest";
import { openProduct, signIn } from "./product.ts";
import { test } from "./scene.ts";
import * as form from "./settings-form.ts";

describe("who gets mail", () => {
  test.for([
    [
      "only:@acme.test,qa@b.test",
      "Sendwright sends only to @acme.test, qa@b.test and withholds all other email.",
    ],
    ["redirect:qa@acme.test", "Sendwright sends every email to qa@acme.test instead of its recipients."],
    ["capture", "The sandbox captures every email. No recipient gets mail."],
  ])("stands above every page: %s", async ([rule, words], { stranger }) => {
    const product = await openProduct({}, rule);
    try {
      const { context, page } = await stranger();
      await signIn(context, product);
      for (const path of ["/", "/settings/smtp", "/emails", "/templates", "/account"]) {
        await page.goto(product.url + path);
        await page
          .getByRole("region", { name: "Allowed recipients" })
          .getByText(words ?? "")
          .waitFor();
      }
    } finally {
      await product.close();
    }
  });

  test("is not mentioned while everybody does", async ({ enter }) => {
    const { page } = await enter("/emails");
    await page.getByRole("heading", { name: "Emails", level: 1 }).waitFor();
    expect(await page.getByRole("region", { name: "Allowed recipients" }).count()).toBe(0);
  });
});

describe("the first config with a server of its own", () => {
  async function switches(product: Parameters<typeof signIn>[1]) {
    const configs = await product.services.configs.list();
    return configs.map(({ settings }) => [settings.smtpServer, settings.enabled]);
  }

  test("takes over from the sandbox, unless the admin leaves that on", async ({ product, enter }) => {
    await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
    const { page } = await enter("/settings/smtp/new");
    const choice = page.getByRole("checkbox", { name: "Turn off the sandbox config" });
    await form.server(page).fill("smtp.example.com");
    await form.fromEmail(page).fill("shop@example.com");
    await choice.waitFor();
    expect(await choice.isChecked()).toBe(true);
    await form.save(page);
    await page.getByRole("link", { name: "smtp.example.com" }).first().waitFor();
    expect(await switches(product)).toEqual([
      ["127.0.0.1", false],
      ["smtp.example.com", true],
    ]);
    // There is nothing left to take over.
    await page.goto(`${product.url}/settings/smtp/new`);
    await form.server(page).fill("smtp.example.net");
    expect(await choice.count()).toBe(0);
  });

  test("leaves the sandbox on if the admin says so", async ({ product, enter }) => {
    await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
    const { page } = await enter("/settings/smtp/new");
    await form.server(page).fill("smtp.example.com");
    await form.fromEmail(page).fill("shop@example.com");
    await page.getByRole("checkbox", { name: "Turn off the sandbox config" }).uncheck();
    await form.save(page);
    await page.getByRole("link", { name: "smtp.example.com" }).first().waitFor();
    expect((await switches(product)).every(([, isOn]) => isOn)).toBe(true);
  });
});
