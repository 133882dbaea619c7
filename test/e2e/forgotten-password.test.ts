import type { Page } from "playwright-core";
import { expect } from "vitest";
import { admin, type Product } from "./product.ts";
import { test } from "./scene.ts";

const next = "one more sentence to sign in";

async function ask(page: Page, email: string): Promise<void> {
  // The page before has a field of the same name.
  await page.getByRole("heading", { name: "Forgot your password?" }).waitFor();
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: /^Send (another )?link$/ }).click();
  await page.getByText("If this email belongs to an admin, Sendwright sends a link to it.").waitFor();
}

/** The link of the latest email for a new password that the sandbox has caught. */
async function caughtLink({ call }: Product, count: number): Promise<string> {
  const caught = () => call<{ items: { id: string; to: string[] }[] }>("GET", "/api/sandbox/emails");
  await expect.poll(async () => (await caught()).items.length).toBe(count);
  const [latest] = (await caught()).items;
  expect(latest?.to).toEqual([admin.email]);
  const { text } = await call<{ text: string }>("GET", `/api/sandbox/emails/${latest?.id}`);
  return /http\S+#token=\S+/.exec(text)?.[0] ?? "";
}

test("who has forgotten the password gets a link by email, and sets a new one with it", async ({
  product,
  enter,
  stranger,
}) => {
  await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
  const elsewhere = await enter("/account");
  const { page, witness } = await stranger();
  await page.goto(`${product.url}/sign-in`);
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await ask(page, "nobody@example.com");
  await ask(page, admin.email);
  const older = await caughtLink(product, 1);
  await ask(page, admin.email);
  const link = await caughtLink(product, 2);
  expect(link).toMatch(`${product.url}/reset-password#token=`);

  const late = await stranger();
  await late.page.goto(older);
  await late.page.getByRole("textbox", { name: "New password" }).fill("a sentence of somebody else");
  await late.page.getByRole("button", { name: "Set password" }).click();
  await late.page.getByRole("alert").getByText("was replaced by a newer one").waitFor();

  await elsewhere.page.reload();
  await elsewhere.page.getByRole("heading", { name: "Account", level: 1 }).waitFor();
  await page.goto(link);
  await page.getByRole("textbox", { name: "New password" }).fill(next);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByText("Password changed").waitFor();
  await elsewhere.page.reload();
  await elsewhere.page.getByRole("heading", { name: "Sign in" }).waitFor();

  const email = page.getByLabel("Email");
  const password = page.getByRole("textbox", { name: "Password" });
  await email.fill(admin.email);
  await password.fill(admin.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("Email or password is incorrect").waitFor();
  await password.fill(next);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();

  const [, token = ""] = link.split("#token=");
  expect(witness.requests.map((url) => url.replace(/#.*/, "")).join(" ")).not.toContain(token);
  await late.page.goto("about:blank");
  await late.page.goto(link);
  await late.page.getByRole("textbox", { name: "New password" }).fill("a sentence of somebody else");
  await late.page.getByRole("button", { name: "Set password" }).click();
  await late.page.getByText("This link has expired, was already used").waitFor();
  await late.page.getByRole("link", { name: "Send a new link" }).click();
  await late.page.getByRole("heading", { name: "Forgot your password?" }).waitFor();

  await page.goto(`${product.url}/audit`);
  await page.getByText("Password reset", { exact: true }).waitFor();
  await page.getByText("Password reset requested").first().waitFor();
});
