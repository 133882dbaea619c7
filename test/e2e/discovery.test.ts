import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { makeAuthority, startTestRelay } from "../../src/testing/index.ts";
import { test } from "./scene.ts";
import * as form from "./settings-form.ts";

const authority = makeAuthority();
setDefaultCACertificates([...getCACertificates("default"), authority.caPem]);
const tls = authority.issue({ names: ["localhost"], notAfter: new Date(Date.now() + 90 * 86_400_000) });
const auth = { username: "jo@example.com", password: "correct horse" };

const address = (page: Page) => page.getByLabel("Your email address");
const domain = (page: Page) => page.getByRole("region", { name: "Sender domain" });
const finding = (page: Page, check: string) => domain(page).getByRole("listitem").filter({ hasText: check });

describe("settings that find themselves", () => {
  test("from an address to a config that works, by keyboard alone", async ({ product, enter }) => {
    await using relay = await startTestRelay({ tls, auth });
    product.zone["_submission._tcp.example.com"] = { SRV: [[0, 0, relay.port, "localhost"]] };
    product.zone["example.com"] = { TXT: ["v=spf1 mx -all"], MX: [[10, "mx.example.com"]] };
    product.zone["mx.example.com"] = { A: ["192.0.2.1"] };
    const { page } = await enter("/settings/smtp");
    await address(page).focus();
    await page.keyboard.type("jo@example.com");
    await page.keyboard.press("Enter");
    await page.getByText("Reachable", { exact: true }).waitFor();
    await page.getByText("it is outside that domain").waitFor();
    await page.getByRole("button", { name: "Apply to form" }).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.type("correct horse");
    expect(await form.password(page).inputValue()).toBe("correct horse");
    expect(await form.server(page).inputValue()).toBe("localhost");
    expect(await form.port(page).inputValue()).toBe(String(relay.port));
    expect(await form.username(page).inputValue()).toBe("jo@example.com");
    expect(await form.fromEmail(page).inputValue()).toBe("jo@example.com");

    await form.test(page);
    await page.getByText(/^All steps passed/).waitFor();
    // What receivers will find follows by itself.
    await finding(page, "MX").getByText("Replies and bounces can arrive").waitFor();
    await finding(page, "DMARC").getByText("v=DMARC1; p=none").waitFor();
  });

  test("from the address that a newcomer entered on the overview", async ({ product, enter }) => {
    product.zone["_submission._tcp.example.com"] = { SRV: [[0, 0, 1, "localhost"]] };
    const { page } = await enter("/");
    await address(page).fill("jo@example.com");
    await page.getByRole("button", { name: "Find settings" }).click();
    await page.getByText("Not reachable from here").waitFor();
    expect(await address(page).inputValue()).toBe("jo@example.com");
    expect(page.url()).toBe(`${product.url}/settings/smtp`);
    await page.getByRole("button", { name: "Apply to form" }).click();
    expect(await form.fromEmail(page).inputValue()).toBe("jo@example.com");
  });

  test("says that nothing was found, and leaves the list to choose from", async ({ enter }) => {
    const { page } = await enter("/settings/smtp");
    await address(page).fill("jo@nothing.example");
    await page.getByRole("button", { name: "Find settings" }).click();
    await page.getByText("Sendwright found no settings for nothing.example").waitFor();
    await page.getByRole("button", { name: "SendGrid", exact: true }).waitFor();
  });

  test("says what is wrong with an address", async ({ enter }) => {
    const { page } = await enter("/settings/smtp");
    await address(page).fill("jo");
    await page.getByRole("button", { name: "Find settings" }).click();
    await page.getByRole("alert").getByText("it has no @").waitFor();
  });

  test("shows all providers on request", async ({ enter }) => {
    const { page } = await enter("/settings/smtp");
    await page.getByRole("button", { name: /^All \d+ providers$/ }).click();
    await page.getByRole("button", { name: "Posteo", exact: true }).click();
    expect(await form.server(page).inputValue()).toBe("posteo.de");
  });
});

describe("the sender's domain", () => {
  test("is checked on demand, with a record to copy", async ({ product, enter }) => {
    product.zone["example.com"] = { TXT: ["v=spf1 mx -all"], MX: [[10, "mx.example.com"]] };
    product.zone["mx.example.com"] = { A: ["192.0.2.1"] };
    await product.call("POST", "/api/smtp-configs", {
      smtpServer: "smtp.fastmail.com",
      smtpPort: 465,
      fromEmail: "shop@example.com",
    });
    const { page } = await enter("/settings/smtp");
    await domain(page).getByRole("button", { name: "Check domain" }).click();
    await finding(page, "SPF").getByText("v=spf1 mx include:spf.messagingengine.com -all").waitFor();
    await finding(page, "SPF").getByRole("img", { name: "failed" }).waitFor();
    await finding(page, "SPF").getByRole("button", { name: "Copy" }).waitFor();
    await finding(page, "DKIM").getByText("DKIM key not found").waitFor();
    await form.fromEmail(page).fill("shop@example.net");
    await domain(page).getByText("The form has changed since this check.").waitFor();
  });
});
