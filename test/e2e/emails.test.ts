import { once } from "node:events";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { startTestRelay } from "../../src/testing/index.ts";
import type { Visit } from "./product.ts";
import { deliver } from "./sample.ts";
import { test } from "./scene.ts";

const preview = (page: Page) => page.frameLocator('iframe[title="Email preview"]');

test("an API key made in the page sends, and the email shows up with its outcome", async ({
  product,
  enter,
}) => {
  await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
  const { page } = await enter("/api-keys");
  await page.getByRole("button", { name: "Create API key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Web shop");
  await dialog.getByRole("button", { name: "Create API key" }).click();
  const key = await dialog.getByRole("figure", { name: "Web shop" }).locator("pre").innerText();
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByRole("cell", { name: "Web shop" }).waitFor();
  expect(await page.content()).not.toContain(key);

  const response = await fetch(`${product.url}/api/emails`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ to: "jo@example.com", subject: "Your order 1017", text: "On its way." }),
  });
  expect(response.status).toBe(202);
  await page.getByRole("link", { name: "Emails" }).click();
  const row = page.getByRole("row").filter({ hasText: "Your order 1017" });
  await row.getByText("Captured", { exact: true }).waitFor();
  await row.getByText("jo@example.com").waitFor();

  await row.getByRole("link", { name: "Your order 1017" }).click();
  await page.getByRole("heading", { name: "Your order 1017", level: 1 }).waitFor();
  await page.getByText("The built-in sandbox captured it. No recipient got it.").waitFor();
  await page.getByRole("region", { name: "Recipients" }).getByText("Captured", { exact: true }).waitFor();
  await page.getByRole("region", { name: "Attempts" }).getByText("Captured by the sandbox").waitFor();
  await page.getByRole("region", { name: "Content" }).getByText("On its way.").waitFor();
});

test("the list is narrowed by state and words, and the address bar keeps both", async ({
  product,
  enter,
}) => {
  await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
  await deliver(product, { subject: "First order", text: "1" });
  const later = new Date(Date.now() + 3_600_000).toISOString();
  await product.call("POST", "/api/emails", {
    to: "bo@example.com",
    subject: "Second order",
    text: "2",
    scheduledAt: later,
  });
  const { page } = await enter("/emails");
  await page.getByLabel("State").selectOption({ label: "Queued" });
  await page.getByRole("link", { name: "First order" }).waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Second order" }).waitFor();
  await page.getByLabel("State").selectOption({ label: "All" });
  await page.getByLabel("Search subject or recipient").fill("jo@example.com");
  await page.getByRole("link", { name: "Second order" }).waitFor({ state: "detached" });
  await page.reload();
  await page.getByRole("link", { name: "First order" }).waitFor();
  expect(await page.getByRole("link", { name: "Second order" }).count()).toBe(0);
});

test("the list is narrowed by time, SMTP config, template, tag and key, and saved as CSV", async ({
  product,
  enter,
}) => {
  const main = { ...product.sandboxConfig, name: "Main" };
  const { id: config } = await product.call<{ id: string }>("POST", "/api/smtp-configs", main);
  await deliver(product, { subject: "First order", text: "1", tags: ["order", "=1+1"] });
  const data = { name: "Jo", url: "https://shop.example/verify" };
  await deliver(product, { template: "email-verification", data, tags: ["welcome"] });
  const { page } = await enter("/emails");
  const first = page.getByRole("link", { name: "First order" });
  await first.waitFor();
  await page.getByRole("button", { name: "Filters" }).click();
  await page.getByLabel("Template").selectOption("email-verification");
  await first.waitFor({ state: "detached" });
  await page.getByLabel("Template").selectOption({ label: "All" });
  await page.getByLabel("SMTP config").selectOption({ label: "Main" });
  await page.getByLabel("Tag").fill("order");
  await page.waitForURL("**/emails?*tag=order*");
  await first.waitFor();
  await expect.poll(() => page.getByRole("row").count()).toBe(2);
  const today = new Date().toISOString().slice(0, 10);
  await page.getByLabel("To (UTC)").fill(today);
  await page.getByRole("button", { name: "Filters (3)" }).waitFor();
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
    config,
    tag: "order",
    createdTo: today,
  });
  await page.reload();
  await first.waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export CSV" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^emails-\d{4}-\d\d-\d\d\.csv$/);
  const lines = (await text(await download.createReadStream())).trim().split("\r\n");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("First order");
  await page.getByLabel("From (UTC)").fill("2999-01-01");
  await page.getByText("No emails match").waitFor();
  await page.getByRole("link", { name: "Show all emails" }).click();
  await first.waitFor();
});

test("an email that was sent is resent, and each links to the other", async ({ product, enter }) => {
  await product.call("POST", "/api/smtp-configs", { ...product.sandboxConfig, name: "Main" });
  const id = await deliver(product, { subject: "Your ticket", text: "Row 7", config: "Main" });
  const { page } = await enter(`/emails/${id}`);
  await page.getByRole("link", { name: "Main only" }).waitFor();
  await page.getByRole("button", { name: "Resend email" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("The recipient gets the same email again.").waitFor();
  await dialog.getByRole("button", { name: "Resend email" }).click();
  await page.getByRole("link", { name: "Earlier email" }).waitFor();
  expect(page.url()).not.toContain(id);
  await page.getByRole("region", { name: "Attempts" }).getByText("Captured by the sandbox").waitFor();
  expect(product.services.sandbox?.list()).toHaveLength(2);
  await page.getByRole("link", { name: "Earlier email" }).click();
  await page.waitForURL(`**/emails/${id}`);
  await page.getByRole("link", { name: /^Sent, / }).click();
  await page.getByRole("link", { name: "Earlier email" }).waitFor();
});

test("an attempt says what became of its archive copy", async ({ product, enter }) => {
  await using relay = await startTestRelay({
    onRcpt: (to) => (to === "archive@example.net" ? "550 5.1.1 No such user" : undefined),
  });
  const given = { ...product.sandboxConfig, smtpPort: relay.port, bcc: "archive@example.net" };
  await product.call("POST", "/api/smtp-configs", given);
  const id = await deliver(product, { subject: "Your ticket", text: "Row 7" });
  const { page } = await enter(`/emails/${id}`);
  const attempts = page.getByRole("region", { name: "Attempts" });
  await attempts.getByText("Sent", { exact: true }).waitFor();
  await attempts.getByText("Copy to archive@example.net: 550 5.1.1 No such user").waitFor();
});

test("a failed attempt says what it means, what to do, and where", async ({ product, enter }) => {
  await using relay = await startTestRelay({ auth: { username: "shop", password: "right" } });
  const { id: config } = await product.call<{ id: string }>("POST", "/api/smtp-configs", {
    ...product.sandboxConfig,
    name: "Office",
    smtpPort: relay.port,
    allowCleartextAuth: true,
    username: "shop",
    password: "wrong",
  });
  const body = { to: "jo@example.com", subject: "Your order 1017", text: "On its way." };
  const { id } = await product.call<{ id: string }>("POST", "/api/emails", body);
  const { page } = await enter(`/emails/${id}`);
  const attempts = page.getByRole("region", { name: "Attempts" });
  await attempts.getByText("Wrong username or password").waitFor();
  await attempts.getByText("rejected the username or password of shop").waitFor();
  await attempts.getByText("Enter the username and password again").waitFor();
  await attempts.getByText("Wrong username or password").click();
  await attempts.getByText("Enter the username and password again").waitFor({ state: "hidden" });
  await attempts.getByText("Wrong username or password").click();
  await attempts.getByRole("link", { name: "Open SMTP config Office" }).click();
  await page.waitForURL(`**/settings/smtp/${config}`);
});

test("a test email is in the list with its outcome, and is not sent again", async ({ product, enter }) => {
  await using relay = await startTestRelay({ onDot: () => "554 5.7.1 Not today" });
  const { id: config } = await product.call<{ id: string }>("POST", "/api/smtp-configs", {
    ...product.sandboxConfig,
    smtpPort: relay.port,
  });
  await product.call("POST", `/api/smtp-configs/${config}/test`, { sendTo: "jo@example.com" });
  const { page } = await enter("/emails");
  await page.getByRole("link", { name: "Sendwright: test email" }).click();
  await page
    .getByRole("region", { name: "Attempts" })
    .getByText("The SMTP server rejected the message")
    .waitFor();
  await page.getByRole("region", { name: "Content" }).getByRole("link", { name: "View source" }).waitFor();
  expect(await page.getByRole("button", { name: /Retry|Resend/ }).count()).toBe(0);
});

test("what a relay says of an email is shown as text", async ({ product, enter }) => {
  const hostile = `<img src="x" onerror="alert(1)"><script>alert(2)</script>`;
  await using relay = await startTestRelay({ onRcpt: () => `550 5.1.1 ${hostile}` });
  await product.call("POST", "/api/smtp-configs", { ...product.sandboxConfig, smtpPort: relay.port });
  const id = await deliver(product, { subject: hostile, text: hostile });
  const { page } = await enter(`/emails/${id}`);
  await page.getByRole("heading", { name: hostile, level: 1 }).waitFor();
  await page.getByRole("region", { name: "Recipients" }).getByText(hostile).waitFor();
  expect(await page.locator("main").locator("script, img[src], [onerror]").count()).toBe(0);
});

test("a sensitive email keeps its link to itself", async ({ product, enter }) => {
  await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
  const data = { url: "https://shop.example/reset?token=nobody-else-may-see-this" };
  const id = await deliver(product, { template: "password-reset", data });
  const { page, context, witness } = await enter(`/emails/${id}`);
  await page.getByText("This email is sensitive").waitFor();
  expect(await page.content()).not.toContain("nobody-else");
  await context.close();
  expect(await witness.replies()).not.toContain("nobody-else");
});

describe("the preview of a hostile email", () => {
  /** All that a sender might try, with an address to call and the page around it as the aim. */
  const hostileHtml = (outside: string) => `
    <!-- <body> --></iframe></body></html>
    <meta http-equiv="refresh" content="0; url=${outside}refresh">
    <meta http-equiv="Content-Security-Policy" content="default-src *">
    <base href="${outside}base/" target="_top">
    <link rel="stylesheet" href="${outside}style.css"><link rel="preconnect" href="${outside}">
    <style>@import "${outside}import.css"; body { background: url(${outside}background.png) }</style>
    <script>alert(document.domain); top.location = "${outside}script"; fetch("${outside}fetch")</script>
    <script src="${outside}script.js"></script>
    <img src="${outside}image.png" onerror="alert(1)"><img srcset="${outside}set.png 1x">
    <svg onload="alert(2)"><image href="${outside}svg.png" /></svg>
    <iframe src="${outside}frame"></iframe><iframe srcdoc="<script>alert(3)</script>"></iframe>
    <object data="${outside}object"></object><embed src="${outside}embed">
    <video src="${outside}video" poster="${outside}poster.png" autoplay></video>
    <p>Here is text.</p>
    <form action="${outside}form" target="_top"><button>Press me</button></form>
    <p><a href="${outside}link" target="_top">Top link</a></p>
    <p><a href="${outside}link" target="_blank">Blank link</a></p>
    <p><a href="${outside}link">Plain link</a></p>
    <p><a href="javascript:alert(4)">Script link</a></p>`;

  /** Somebody elsewhere, who counts who comes. */
  async function openOutside() {
    let calls = 0;
    const server = createServer((socket) => {
      calls++;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    return {
      url: `http://127.0.0.1:${port}/`,
      calls: () => calls,
      [Symbol.asyncDispose]: async () => void server.close(),
    };
  }

  /** Clicks all there is to click, and finds the page as it was. */
  async function provoke({ page, context }: Visit): Promise<void> {
    const address = page.url();
    await preview(page).getByText("Here is text.").waitFor();
    for (const name of ["Top link", "Blank link", "Plain link", "Script link"]) {
      await preview(page).getByText(name).click();
    }
    await preview(page).getByRole("button", { name: "Press me" }).click();
    await preview(page).getByText("Here is text.").waitFor();
    expect(page.url()).toBe(address);
    expect(context.pages()).toEqual([page]);
  }

  test("runs no script and calls nobody, in the log as in the sandbox", async ({
    product,
    enter,
    stranger,
  }) => {
    await using outside = await openOutside();
    const html = hostileHtml(outside.url);
    await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
    await deliver(product, { subject: "Look here", html, text: "Here is text." });
    const log = await enter("/emails");
    // The browser tells of each thing that it keeps from happening. There is nothing else to complain of.
    log.witness.allow(/sandbox|Content Security Policy/i);
    await log.page.getByRole("link", { name: "Look here" }).click();
    await provoke(log);

    const sandbox = await enter("/sandbox");
    sandbox.witness.allow(/sandbox|Content Security Policy/i);
    await sandbox.page.getByRole("link", { name: /Look here/ }).click();
    await sandbox.page.getByRole("heading", { name: "Look here" }).waitFor();
    await provoke(sandbox);
    expect(outside.calls()).toBe(0);

    // The same in a page of its own does call: the trap is a trap.
    const naive = await stranger();
    naive.witness.allow(/./);
    await naive.page.setContent(html).catch(() => {});
    await expect.poll(outside.calls).toBeGreaterThan(0);
  });

  test("is downloaded as it came, and never opened as a page", async ({ product, enter }) => {
    await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
    const id = await deliver(product, { subject: "Look here", html: "<script>alert(1)</script>" });
    const { page, witness } = await enter("/emails");
    witness.allow(/sandboxed|^new window/);
    await page.getByRole("link", { name: "Look here" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "View source" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`${id}.eml`);
  });
});
