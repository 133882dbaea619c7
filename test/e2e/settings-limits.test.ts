import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { startTestRelay } from "../../src/testing/index.ts";
import { deliver } from "./sample.ts";
import { test } from "./scene.ts";
import * as form from "./settings-form.ts";

const advanced = (page: Page) => page.getByRole("button", { name: "Advanced" }).click();
const perDay = (page: Page) => page.getByLabel("Emails per day");
const senders = (page: Page) => page.getByLabel("Other senders");

describe("senders, limits and archive copy of a config", () => {
  test("are saved from the form, kept by the next save, and told of in the history", async ({
    product,
    enter,
  }) => {
    await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
    const { page } = await enter("/settings/smtp");
    await advanced(page);
    await senders(page).fill("orders@example.com\n@Shop.example");
    await page.getByLabel("Archive copy").fill("archive@example.com");
    await page.getByLabel("Emails per minute").fill("30");
    await perDay(page).fill("1000");
    await page.getByLabel("Recipients per day").fill("2000");
    await form.save(page);
    await form.saved(page);
    expect(await senders(page).inputValue()).toBe("orders@example.com\n@shop.example");
    await page.getByText("Emails per day: no limit").waitFor();
    await page.getByText("Other senders: none").waitFor();

    await form.fromName(page).fill("Shop");
    await form.save(page);
    await page.getByText("From name: Example Shop").waitFor();
    expect(await product.services.configs.list()).toMatchObject([
      {
        settings: {
          fromName: "Shop",
          senders: ["orders@example.com", "@shop.example"],
          bcc: "archive@example.com",
          maxPerMinute: 30,
          maxPerHour: null,
          maxPerDay: 1000,
          maxRecipientsPerDay: 2000,
        },
      },
    ]);
  });

  test("have their faults beside them", async ({ product, enter }) => {
    await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
    const { page } = await enter("/settings/smtp");
    await advanced(page);
    await senders(page).fill("orders@example.com\nnobody");
    await page.getByLabel("Archive copy").fill("archive");
    await perDay(page).fill("0");
    await form.save(page);
    await page.getByRole("alert").getByText("3 fields need your attention.").waitFor();
    expect(await form.description(senders(page))).toContain('"nobody"');
    expect(await form.description(perDay(page))).toMatch(/must be a whole number from 1 to/i);
    expect(await page.getByLabel("Archive copy").getAttribute("aria-invalid")).toBe("true");
  });
});

test("the limits of a provider are filled in, unless there are some", async ({ enter }) => {
  const { page } = await enter("/settings/smtp");
  await page.getByRole("button", { name: "Gmail", exact: true }).click();
  await page
    .getByRole("status")
    .getByText("Server, port, TLS and the provider's limits are filled in.")
    .waitFor();
  await advanced(page);
  expect(await perDay(page).inputValue()).toBe("500");
  await page.getByText("With a paid Google Workspace account, enter 2,000.").waitFor();
  await perDay(page).fill("2000");
  await page.getByRole("button", { name: "Change provider", exact: true }).click();
  await page
    .getByRole("button", { name: "iCloud Mail" })
    .or(page.getByRole("button", { name: /^All / }))
    .first()
    .click();
  await page.getByRole("button", { name: "iCloud Mail" }).click();
  expect(await perDay(page).inputValue()).toBe("2000");
  expect(await page.getByLabel("Recipients per day").inputValue()).toBe("1000");
});

describe("the question which config sends an email", () => {
  test("is answered with the order and its reasons, for a sender at a time", async ({ product, enter }) => {
    await product.call("POST", "/api/smtp-configs", {
      ...product.sandboxConfig,
      name: "Lab",
      enabled: false,
    });
    const at = (name: string) => ({ name, smtpServer: "smtp.example.com", smtpPort: 587 });
    await product.call("POST", "/api/smtp-configs", { ...at("Main"), fromEmail: "main@example.com" });
    await product.call("POST", "/api/smtp-configs", {
      ...at("Shop"),
      fromEmail: "shop@example.com",
      senders: ["@shop.example"],
    });
    const { page } = await enter("/settings/smtp");
    const card = page.getByRole("region", { name: "Which config sends an email" });
    const ask = async (from: string) => {
      await card.getByLabel("From email").fill(from);
      await card.getByRole("button", { name: "Check sender" }).click();
    };
    const order = () => card.getByRole("listitem").allInnerTexts();

    await ask("orders@shop.example");
    await card.getByText("Shop sends it, which owns the sender.").waitFor();
    expect((await order()).map((text) => text.split("\n").filter((line) => line !== ""))).toEqual([
      ["Shop", "Available", "sends as orders@shop.example"],
      ["Main", "Available", "sends as main@example.com · replies go to orders@shop.example"],
      ["Lab", "Off"],
    ]);

    await ask("stranger@example.net");
    await card.getByText("Main sends it, the first in order.").waitFor();
    await ask("nobody");
    await card.getByText("it has no @").waitFor();
    expect(await form.description(card.getByLabel("From email"))).toContain("it has no @");
    expect(await order()).toEqual([]);
  });
});

test("the use of a limit is told in the list and above the form", async ({ product, enter }) => {
  await using relay = await startTestRelay();
  const there = { ...product.sandboxConfig, smtpPort: relay.port };
  const { id } = await product.call<{ id: string }>("POST", "/api/smtp-configs", {
    ...there,
    name: "Main",
    maxPerHour: 1,
    maxPerDay: 500,
  });
  await product.call("POST", "/api/smtp-configs", {
    ...there,
    name: "Spare",
    fromEmail: "spare@example.com",
  });
  const { page } = await enter("/settings/smtp");
  const row = (name: string) =>
    page.getByRole("listitem").filter({ has: page.getByRole("link", { name, exact: true }) });
  await row("Main").getByText("0 of 500 today").waitFor();
  await row("Main").getByText("In use").waitFor();

  const sent = await deliver(product, { subject: "Hello", text: "Hello" });
  await page.reload();
  await row("Main").getByText("1 of 1 this hour").waitFor();
  await row("Main")
    .getByText(/^Limit reached, next email in /)
    .waitFor();
  await row("Spare").getByText("In use").waitFor();
  await row("Main").getByRole("link", { name: "Main" }).click();
  await page.getByRole("heading", { name: "Main", level: 1 }).waitFor();
  await page.getByText("1 of 500 today").waitFor();
  expect(page.url()).toContain(id);

  await page.goto(`${product.url}/emails/${sent}`);
  await page.getByText("Sent through Main, the first in order.").waitFor();
  await page.goto(`${product.url}/emails/${await deliver(product, { subject: "Hello", text: "Hello" })}`);
  await page.getByText("Sent through Spare because Main had reached a limit.").waitFor();
});
