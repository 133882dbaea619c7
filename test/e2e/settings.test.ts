import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import {
  makeAuthority,
  relayScript,
  type Script,
  startScriptedServer,
  startTestRelay,
} from "../../src/testing/index.ts";
import { test } from "./scene.ts";
import * as form from "./settings-form.ts";

const secret = "t0p-s3cret of the relay";
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** All that a page holds: its document, the contents of its fields, and what it stored in the browser. */
function holdings(page: Page): Promise<string> {
  return page.evaluate<string>(`JSON.stringify([
    document.documentElement.outerHTML,
    [...document.querySelectorAll("input, textarea")].map((field) => field.value),
    Object.entries(localStorage), Object.entries(sessionStorage),
    document.cookie, location.href, history.state,
  ])`);
}

interface Config {
  readonly id: string;
  readonly version: number;
  readonly fromName: string | null;
  readonly password: string | null;
}

/** Refuses every sign-in, and says all it was told: the password, and how it was put on the wire. */
const echo: Script = async (peer) => {
  peer.send("220 relay.test ESMTP\r\n");
  await peer.expect(/^EHLO /);
  peer.send("250-relay.test\r\n250 AUTH PLAIN\r\n");
  const response = (await peer.expect(/^AUTH PLAIN /)).split(" ")[2] ?? "";
  const password = Buffer.from(response, "base64").toString().split("\0")[2] ?? "";
  peer.send(`535-5.7.8 Wrong: ${password}\r\n535-5.7.8 ${base64(password)}\r\n535 5.7.8 ${response}\r\n`);
  await peer.line();
};

/** Every way in which a relay could say the password of `shop`. */
const revealing = [secret, base64(secret), base64(`\0shop\0${secret}`)];

/** Resolves when somebody lets go. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

describe("a saved config", () => {
  test("shows a mask: its password is in no page, no reply and no storage", async ({ product, enter }) => {
    const { page, context, witness } = await enter("/settings/smtp");
    await form.server(page).fill("127.0.0.1");
    await form.port(page).fill(String(product.services.sandbox?.port));
    await form.tls(page).click();
    await form.username(page).fill("shop");
    await form.password(page).fill(secret);
    await form.fromEmail(page).fill("shop@example.com");
    await form.save(page);
    await page.getByText("Saved and never shown.").waitFor();
    expect(await form.password(page).inputValue()).toBe("••••••••");
    expect(await holdings(page)).not.toContain(secret);

    await page.reload();
    await page.getByText("Saved and never shown.").waitFor();
    await page.getByText("Version 1").waitFor();
    await page.getByRole("switch", { name: "Restore the previous version automatically" }).waitFor();
    expect(await holdings(page)).not.toContain(secret);
    await expect.poll(() => witness.underWay).toBe(0);
    await context.close();
    const replies = await witness.replies();
    expect(replies).toContain('"password":"********"');
    for (const words of revealing) expect(replies).not.toContain(words);
  });

  test("hints at a character that nobody sees, before it is saved, and shows none of it", async ({
    enter,
  }) => {
    const { page } = await enter("/settings/smtp");
    const hint = (field: string) =>
      page.getByText(new RegExp(`^The ${field} contains an invisible character`));
    await form.username(page).fill(" shop@example.com ");
    await form.password(page).fill("abcd efgh");
    expect(await hint("username").or(hint("password")).count()).toBe(0);
    await form.username(page).fill("shop\u200b@example.com");
    await form.password(page).fill("abcd\u00a0efgh");
    await hint("username").waitFor();
    await hint("password").waitFor();
    expect(await page.locator("form").first().innerText()).not.toContain("efgh");
  });

  test("asks for the password again for another server, which meanwhile sees no byte", async ({
    product,
    enter,
  }) => {
    await using elsewhere = await startScriptedServer((peer) => peer.send("554 No service here\r\n"));
    const saved = { ...product.sandboxConfig, username: "shop", password: secret, allowCleartextAuth: true };
    const { id, version } = await product.call<Config>("POST", "/api/smtp-configs", saved);
    const { page } = await enter("/settings/smtp");
    await form.port(page).fill(String(elsewhere.port));
    await page
      .getByText("Sendwright sends a saved password only to the server and username it was saved for")
      .waitFor();
    for (const act of [form.save, form.test]) {
      await act(page);
      await expect.poll(() => form.password(page).getAttribute("aria-invalid")).toBe("true");
      await expect.poll(() => page.evaluate("document.activeElement.type")).toBe("password");
      await form.fromName(page).fill(`not ${act.name}`);
    }
    // Nor does it help to leave the page aside and send the mask by hand.
    const body = { ...saved, smtpPort: elsewhere.port, password: "********", version };
    const replies = await page.evaluate<unknown>(`(async () => {
      const send = (method, path) => fetch(path, {
        method, headers: { "content-type": "application/json" }, body: ${JSON.stringify(JSON.stringify(body))},
      });
      const path = "/api/smtp-configs/${id}";
      const replies = [await send("PUT", path), await send("POST", path + "/test")];
      return Promise.all(replies.map(async (reply) => [reply.status, (await reply.json()).code]));
    })()`);
    expect(replies).toEqual([
      [409, "config.password_required"],
      [409, "config.password_required"],
    ]);
    expect(elsewhere.connections).toHaveLength(0);

    await form.password(page).fill("another password");
    await form.test(page);
    await form.result(page, "Receive the greeting", "failed");
    expect(elsewhere.connections).not.toHaveLength(0);
  });

  test("says that somebody else saved meanwhile, and takes over what they saved", async ({
    product,
    enter,
  }) => {
    const { id } = await product.call<Config>("POST", "/api/smtp-configs", product.sandboxConfig);
    const { page } = await enter("/settings/smtp");
    await form.fromName(page).fill("Mine");
    const current = await product.call<Config>("GET", `/api/smtp-configs/${id}`);
    await product.call("PUT", `/api/smtp-configs/${id}`, { ...current, fromName: "Theirs" });
    await form.save(page);
    await page.getByText("Someone else saved this config while you were editing.").waitFor();
    expect((await product.call<Config>("GET", `/api/smtp-configs/${id}`)).fromName).toBe("Theirs");

    await page.getByRole("button", { name: "Load current values" }).click();
    await expect.poll(() => form.fromName(page).inputValue()).toBe("Theirs");
    await form.fromName(page).fill("Mine after all");
    await form.save(page);
    await form.saved(page);
    expect((await product.call<Config>("GET", `/api/smtp-configs/${id}`)).fromName).toBe("Mine after all");
  });
});

describe("the form", () => {
  test("says beside each wrong field what is wrong with it, and saves nothing", async ({
    product,
    enter,
  }) => {
    const { page } = await enter("/settings/smtp");
    await form.server(page).fill("smtp.example.com/path");
    await form.port(page).fill("25abc");
    await form.fromEmail(page).fill("nobody");
    await page.getByRole("button", { name: "Advanced" }).click();
    await page.getByLabel("Maximum connections").fill("0");
    await form.save(page);
    await page.getByRole("alert").getByText("4 fields need your attention.").waitFor();
    const wrong = [
      form.server(page),
      form.port(page),
      form.fromEmail(page),
      page.getByLabel("Maximum connections"),
    ];
    for (const field of wrong) {
      expect(await field.getAttribute("aria-invalid")).toBe("true");
      expect(await form.description(field)).not.toBe("");
    }
    expect(await form.description(form.port(page))).toMatch(/65535/);
    expect(await form.username(page).getAttribute("aria-invalid")).not.toBe("true");
    expect(await page.evaluate("document.activeElement.value")).toBe("smtp.example.com/path");
    expect(await product.services.configs.list()).toEqual([]);

    // Key by key: the focus stays in a field while it is mended.
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type("smtp.example.com");
    expect(await form.server(page).inputValue()).toBe("smtp.example.com");
    await form.port(page).fill("587");
    await form.fromEmail(page).fill("shop@example.com");
    await page.getByLabel("Maximum connections").fill("2");
    await form.save(page);
    await form.saved(page);
    expect(await product.services.configs.list()).toMatchObject([
      { settings: { smtpServer: "smtp.example.com", smtpPort: 587 } },
    ]);
  });

  test("keeps what was typed from being lost with a click", async ({ product, enter }) => {
    await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
    const { page } = await enter("/settings/smtp");
    await form.fromName(page).fill("Not saved yet");
    await page.getByRole("link", { name: "Emails" }).click();
    await page.getByRole("button", { name: "Stay" }).click();
    expect(await form.fromName(page).inputValue()).toBe("Not saved yet");
    await page.getByRole("link", { name: "Emails" }).click();
    await page.getByRole("button", { name: "Leave without saving" }).click();
    await page.getByRole("heading", { name: "Emails", level: 1 }).waitFor();
  });
});

describe("the connection test", () => {
  test("shows each stage when it is through, not before", async ({ product, enter }) => {
    const [introduction, sender] = [gate(), gate()];
    await using relay = await startTestRelay({
      onEhlo: () => introduction.opened.then(() => undefined),
      onMail: () => sender.opened.then(() => undefined),
    });
    await product.call("POST", "/api/smtp-configs", { ...product.sandboxConfig, smtpPort: relay.port });
    const { page } = await enter("/settings/smtp");
    await form.test(page);
    await form.result(page, "Receive the greeting", "passed");
    expect(await form.stage(page, "Say hello (EHLO)").getByRole("img").count()).toBe(0);
    introduction.open();
    await form.result(page, "Say hello (EHLO)", "passed");
    expect(await form.stage(page, "Sender accepted").getByRole("img").count()).toBe(0);
    sender.open();
    await form.result(page, "Sender accepted", "passed");
    await page.getByText("All steps passed").waitFor();
  });

  test("shows no password that a relay gives away, and works once the relay does", async ({ enter }) => {
    const authority = makeAuthority();
    const nextYear = new Date(Date.now() + 365 * 86_400_000);
    const tls = authority.issue({ names: ["127.0.0.1"], notAfter: nextYear });
    let script = echo;
    await using relay = await startScriptedServer((peer) => script(peer), { implicitTls: tls });
    const { page, context, witness } = await enter("/settings/smtp");
    await form.server(page).fill("127.0.0.1");
    await form.port(page).fill(String(relay.port));
    await page.getByText("Implicit TLS", { exact: true }).click();
    await form.username(page).fill("shop");
    await form.password(page).fill(secret);
    await form.fromEmail(page).fill("shop@example.com");
    await page.getByRole("button", { name: "Advanced" }).click();
    await page.getByLabel("CA certificates (PEM)").fill(authority.caPem);
    await form.save(page);
    await form.saved(page);

    await form.test(page);
    await form.result(page, "Authenticate", "failed");
    await form.stage(page, "Authenticate").getByText("What to do:").waitFor();
    await page.getByText("SMTP transcript").click();
    expect(await page.getByRole("region", { name: "Connection test" }).innerText()).toContain("535");
    const seen = [await holdings(page)];

    script = relayScript({ auth: { username: "shop", password: secret } }, () => {});
    await form.test(page);
    await form.result(page, "Authenticate", "passed");
    await page.getByText("All steps passed").waitFor();
    await page.getByText("Last test passed").waitFor();
    seen.push(await holdings(page));
    await expect.poll(() => witness.underWay).toBe(0);
    await context.close();
    seen.push(await witness.replies());
    for (const words of revealing) expect(seen.join()).not.toContain(words);
    expect(relay.connections.map(({ received }) => received.toString()).join()).toContain(revealing[2]);
  });

  test("puts its remedy into the form", async ({ product, enter }) => {
    await product.call("POST", "/api/smtp-configs", { ...product.sandboxConfig, useTls: true });
    const { page } = await enter("/settings/smtp");
    await form.test(page);
    await form.result(page, "Start TLS", "failed");
    await page.getByRole("button", { name: "Apply to form" }).first().click();
    expect(await form.tls(page).isChecked()).toBe(false);
    await form.test(page);
    await page.getByText("All steps passed").waitFor();
  });

  test("shows what a hostile relay says as text", async ({ product, enter }) => {
    const hostile = `<img src="x" onerror="alert(1)"><script>alert(2)</script>`;
    await using relay = await startTestRelay({
      greeting: `220 relay.test ${hostile}`,
      onMail: () => `550 5.7.1 ${hostile}`,
    });
    await product.call("POST", "/api/smtp-configs", { ...product.sandboxConfig, smtpPort: relay.port });
    const { page } = await enter("/settings/smtp");
    await form.test(page);
    await form.result(page, "Sender accepted", "failed");
    await page.getByText("SMTP transcript").click();
    const panel = page.getByRole("region", { name: "Connection test" });
    expect(await panel.innerText()).toContain(`550 5.7.1 ${hostile}`);
    expect(await panel.locator("script, img[src], [onerror]").count()).toBe(0);
  });

  test("sends a test email, which is in the sandbox", async ({ product, enter }) => {
    await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
    const { page } = await enter("/settings/smtp");
    await page.getByLabel("Send a test email to").fill("me@example.com");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("The SMTP server accepted the test email for me@example.com.").waitFor();
    await page.getByRole("link", { name: "Sandbox" }).click();
    await page.getByRole("link", { name: /me@example\.com/ }).click();
    await page.getByRole("definition").filter({ hasText: "shop@example.com" }).waitFor();
    await page.getByTitle("Email preview").or(page.locator("pre")).first().waitFor();
  });
});
