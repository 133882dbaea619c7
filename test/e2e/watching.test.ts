import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { startTestRelay } from "../../src/testing/index.ts";
import { storeEmail } from "../support/stored-email.ts";
import { test } from "./scene.ts";

const card = (page: Page, name: string) => page.getByRole("region", { name });

describe("watching", () => {
  test("says above every page what a check has found, until somebody knows of it", async ({
    product,
    enter,
  }) => {
    const auth = { username: "shop@example.com", password: "a password" };
    await using relay = await startTestRelay({ auth });
    const { id } = await product.call<{ id: string }>("POST", "/api/smtp-configs", {
      name: "Company relay",
      smtpServer: "127.0.0.1",
      smtpPort: relay.port,
      useTls: false,
      ...auth,
      allowCleartextAuth: true,
      fromEmail: "shop@example.com",
    });
    const { page } = await enter("/settings/smtp");
    await page.getByText("Not checked yet").waitFor();
    await page.getByRole("button", { name: "Check now" }).click();
    await page.getByText("Checked just now: passed").waitFor();

    auth.password = "another one";
    await page.getByRole("button", { name: "Check now" }).click();
    await page.getByText("Checked just now: Wrong username or password").waitFor();
    const banner = page.getByRole("region", { name: "Alerts" });
    await banner.getByText("Company relay: Wrong username or password").waitFor();
    await page.getByText("What to do:").first().waitFor();

    await page.getByRole("link", { name: "Emails", exact: true }).click();
    await page.getByRole("heading", { name: "Emails", level: 1 }).waitFor();
    await banner.getByRole("link").click();
    await page.waitForURL(`**/settings/smtp/${id}`);
    await banner.getByRole("button", { name: "Acknowledge" }).click();
    await banner.getByText("Company relay").waitFor({ state: "detached" });
    await page.getByText("acknowledged by").waitFor();
  });

  test("says above every page that many emails fail, and from which share on", async ({ product, enter }) => {
    const { page } = await enter("/settings/watching");
    const failures = card(page, "Failed emails");
    await failures.getByLabel("Failure rate").fill("101");
    await failures.getByRole("button", { name: "Save" }).click();
    await failures.getByText("Must be a whole number from 1 to 100, or 0 for never").waitFor();
    await failures.getByLabel("Failure rate").fill("50");
    await failures.getByLabel("Minimum emails").fill("3");
    await failures.getByRole("button", { name: "Save" }).click();
    await failures.getByText("Saved", { exact: true }).waitFor();
    const { db } = product.services.store;
    const acceptedAt = Date.now() - 60_000;
    for (const state of ["failed", "expired", "sent"] as const) await storeEmail(db, { acceptedAt, state });
    await product.services.monitor.checkDue();
    await page.reload();
    const banner = page.getByRole("region", { name: "Alerts" });
    await banner.getByRole("link", { name: "66% of emails failed in one hour" }).click();
    await page.waitForURL("**/emails?state=failed");
    await page.getByText("2 of the last hour's 3 emails failed").waitFor();
    await page.getByText("Open the failed emails and read why their last attempts failed.").waitFor();
    await banner.getByRole("button", { name: "Acknowledge" }).click();
    await banner.getByText("66% of emails").waitFor({ state: "detached" });
    await page.getByText("acknowledged by").waitFor();
  });

  test("keeps how often is looked and who is told", async ({ product, enter }) => {
    const { page } = await enter("/");
    await page.getByRole("link", { name: "Monitoring" }).click();
    const checks = card(page, "Checks and alert emails");
    await checks.getByLabel("Check interval").fill("6");
    await checks.getByLabel("Alert recipients").fill("ops@example.com, nobody");
    await checks.getByRole("button", { name: "Save" }).click();
    await checks.getByText("Must be an email address").waitFor();
    await checks.getByLabel("Alert recipients").fill("ops@example.com\nlead@example.com");
    await checks.getByRole("button", { name: "Save" }).click();
    await checks.getByText("Saved", { exact: true }).waitFor();
    expect(await product.call("GET", "/api/settings")).toMatchObject({
      checkEveryHours: 6,
      alertEmails: ["ops@example.com", "lead@example.com"],
      contentRetentionDays: 30,
    });
  });

  test("shows the secret of a webhook once, and says whether a test event arrives", async ({ enter }) => {
    let status = 204;
    const receiver = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(status).end());
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    try {
      const { page } = await enter("/settings/watching");
      const webhook = card(page, "Webhook");
      await webhook.getByLabel("URL").fill("http://example.com/");
      await webhook.getByRole("button", { name: "Save" }).click();
      await webhook.getByText("Must be an https URL").waitFor();
      await webhook.getByLabel("URL").fill(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`);
      await webhook.getByRole("button", { name: "Save" }).click();
      await webhook.getByText(/^whsec_/).waitFor();
      await webhook.getByRole("button", { name: "Send test event" }).click();
      await webhook.getByText("Test event delivered").waitFor();
      status = 500;
      await webhook.getByRole("button", { name: "Send test event" }).click();
      await webhook.getByText("It responded with 500.").waitFor();
      await page.reload();
      await webhook.getByRole("button", { name: "Replace signing secret" }).waitFor();
      expect(await page.content()).not.toContain("whsec_");
    } finally {
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    }
  });
});
