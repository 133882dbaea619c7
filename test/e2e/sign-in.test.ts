import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect } from "vitest";
import { admin, openProduct } from "./product.ts";
import { test } from "./scene.ts";

const newAdmin = { name: "Ada", email: "ada@example.com", password: "one more sentence to sign in" };

describe("the first admin", () => {
  test("is made by the one-time link, once, and is welcomed", async ({ stranger }) => {
    const product = await openProduct({ firstAdmin: undefined });
    try {
      const link = product.firstAdminLink!;
      const { page, witness } = await stranger();
      await page.goto(link);
      await page.getByLabel("Your name").fill(newAdmin.name);
      await page.getByLabel("Email").fill(newAdmin.email);
      await page.getByRole("textbox", { name: "Password" }).fill(newAdmin.password);
      await page.getByRole("button", { name: "Create admin and sign in" }).click();
      await page.getByRole("heading", { name: "Welcome", level: 1 }).waitFor();
      expect(page.url()).toBe(`${product.url}/`);
      await page.getByTitle(`Signed in as ${newAdmin.email}`).waitFor();
      const [, token = ""] = link.split("#token=");
      expect(witness.requests.map((url) => url.replace(/#.*/, "")).join(" ")).not.toContain(token);

      const late = await stranger();
      await late.page.goto(link);
      await late.page.getByLabel("Your name").fill("Eve");
      await late.page.getByLabel("Email").fill("eve@example.com");
      await late.page.getByRole("textbox", { name: "Password" }).fill("a sentence of somebody else");
      await late.page.getByRole("button", { name: "Create admin and sign in" }).click();
      await late.page.getByText("This link has expired or was already used").waitFor();
      await late.page.goto(`${product.url}/settings/smtp`);
      await late.page.getByRole("heading", { name: "Sign in" }).waitFor();
    } finally {
      await product.close();
    }
  });
});

describe("sign-in", () => {
  test("refuses a wrong password in words, and goes on to where one was", async ({ product, stranger }) => {
    const { page } = await stranger();
    await page.goto(`${product.url}/emails?state=failed`);
    await page.getByLabel("Email").fill(admin.email);
    await page.getByRole("textbox", { name: "Password" }).fill("not the sentence");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("Email or password is incorrect").waitFor();

    await page.getByRole("textbox", { name: "Password" }).fill(admin.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Emails", level: 1 }).waitFor();
    expect(page.url()).toBe(`${product.url}/emails?state=failed`);
  });

  test("goes on to no other site", async ({ product, stranger }) => {
    for (const back of ["//outside.test/", "https://outside.test/", "/\\outside.test/"]) {
      const { page } = await stranger();
      await page.goto(`${product.url}/sign-in?back=${encodeURIComponent(back)}`);
      await page.getByLabel("Email").fill(admin.email);
      await page.getByRole("textbox", { name: "Password" }).fill(admin.password);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("heading", { level: 1 }).filter({ hasNotText: "Sign in" }).waitFor();
      expect(page.url()).toMatch(`${product.url}/`);
    }
  });

  test("ends with sign-out: the session is gone, not only its cookie", async ({ product, enter }) => {
    const { page, context } = await enter("/emails");
    await page.getByRole("heading", { name: "Emails", level: 1 }).waitFor();
    const cookies = await context.cookies();
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
    expect(cookies.every(({ httpOnly }) => httpOnly)).toBe(true);
    const asBefore = () => fetch(`${product.url}/api/emails`, { headers: { cookie } });
    expect((await asBefore()).status).toBe(200);

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect((await asBefore()).status).toBe(401);
    await page.goto(`${product.url}/emails`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });

  test("takes a new password of one's own, and no longer the old one", async ({ product, enter }) => {
    const { page, context } = await enter("/account");
    const current = page.getByLabel("Current password", { exact: true });
    const next = page.getByLabel("New password", { exact: true });
    const change = page.getByRole("button", { name: "Change password" });
    await current.fill("not the sentence");
    await next.fill(newAdmin.password);
    await change.click();
    await expect.poll(() => current.getAttribute("aria-invalid")).toBe("true");
    await current.fill(admin.password);
    await change.click();
    await page.getByText(/password changed/i).waitFor();
    const signInWith = (password: string) =>
      context.request.post(`${product.url}/api/auth/sign-in/email`, { data: { ...admin, password } });
    expect((await signInWith(admin.password)).status()).toBe(401);
    expect((await signInWith(newAdmin.password)).status()).toBe(200);
  });

  test("is asked for again where a session ends under the page", async ({ enter }) => {
    const { page, context } = await enter("/api-keys");
    await page.getByRole("heading", { name: "API keys", level: 1 }).waitFor();
    await context.clearCookies();
    await page.getByRole("link", { name: "Emails" }).click();
    await page.getByText("Your session expired").waitFor();
    await page.getByLabel("Email").fill(admin.email);
    await page.getByRole("textbox", { name: "Password" }).fill(admin.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Emails", level: 1 }).waitFor();
  });
});

test("works below a path of another server, such as /mail", async ({ stranger }) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mail`;
  const product = await openProduct({ port, publicUrl: url, firstAdmin: undefined });
  try {
    expect(product.firstAdminLink).toMatch(`${url}/first-admin#token=`);
    const { page, witness } = await stranger();
    await page.goto(product.firstAdminLink!);
    await page.getByLabel("Your name").fill(newAdmin.name);
    await page.getByLabel("Email").fill(newAdmin.email);
    await page.getByRole("textbox", { name: "Password" }).fill(newAdmin.password);
    await page.getByRole("button", { name: "Create admin and sign in" }).click();
    await page.getByRole("heading", { name: "Welcome", level: 1 }).waitFor();
    expect(page.url()).toBe(`${url}/`);

    for (const [name, path] of [
      ["Emails", "/emails"],
      ["Sandbox", "/sandbox"],
      ["API keys", "/api-keys"],
    ] as const) {
      await page.getByRole("link", { name, exact: true }).click();
      await page.getByRole("heading", { name, level: 1 }).waitFor();
      expect(page.url()).toBe(url + path);
      await page.reload();
      await page.getByRole("heading", { name, level: 1 }).waitFor();
    }
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(witness.requests.filter((request) => !request.startsWith(`${url}/`))).toEqual([]);
  } finally {
    await product.close();
  }
});

test("refuses what another site posts with the admin's cookie", async ({ product, enter }) => {
  const { page, context } = await enter("/settings/smtp");
  // Another port is another origin of the same site: there the cookie goes along, and only the origin tells.
  const attack = "http://127.0.0.1:1/";
  for (const path of ["/api/auth/sign-out", "/api/smtp-configs", "/api/emails"]) {
    const form = `<form method="post" enctype="text/plain" action="${product.url}${path}"><input name='{"a":"' value='"}'></form>`;
    await context.route(attack, (route) => route.fulfill({ contentType: "text/html", body: form }));
    await page.goto(attack);
    const [reply] = await Promise.all([
      page.waitForResponse(product.url + path),
      page.evaluate("document.forms[0].submit()"),
    ]);
    expect((await reply.request().allHeaders()).cookie).toContain("session");
    expect(reply.status()).toBe(403);
    expect(await reply.text()).toContain("request.cross_site");
    await context.unroute(attack);
  }
  await page.goto(`${product.url}/emails`);
  await page.getByRole("heading", { name: "Emails", level: 1 }).waitFor();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
