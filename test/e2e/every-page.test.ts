import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { Product, Visit } from "./product.ts";
import { deliver, makeSample } from "./sample.ts";
import { test } from "./scene.ts";
import * as form from "./settings-form.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with the page, one line each. Previews of emails are others' pages. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(`${axe}; void 0`);
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run(document, { resultTypes: ["violations"], iframes: false })`,
  );
  return violations.map(
    ({ impact, id, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html).join(" ")}`,
  );
}

interface Place {
  readonly path: string;
  /** Brings the page to the state to look at. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

/** Every page, with as much in it as it can show. */
async function placesOf(product: Product): Promise<Place[]> {
  const { sent, sensitive, failed, config } = await makeSample(product);
  const long = await deliver(product, {
    to: "somebody.with.a.very.long.address.that.fits.no.phone@mail.example.com",
    subject:
      "Minutes of our meeting, with all that was said in it, and Donaudampfschifffahrtsgesellschaftskapitän",
    text: "x".repeat(300),
    tags: ["a-tag-that-is-rather-long-for-a-tag-but-still-allowed"],
  });
  const reserve = { ...product.sandboxConfig, name: "In reserve" };
  const { id: paused } = await product.call<{ id: string }>("POST", "/api/smtp-configs", reserve);
  await product.services.store.db
    .updateTable("smtp_config")
    .set({ paused_until: Date.now() + 600_000, paused_reason: "The sign-in was refused" })
    .where("id", "=", paused)
    .execute();
  const failing = await makeFailing(product);
  await product.services.store.db
    .insertInto("alerts")
    .values({
      id: "alert-1",
      config_id: paused,
      config_name: "In reserve",
      kind: "sign_in_failed",
      level: 1,
      title: "Wrong username or password",
      explanation: `smtp.example.com rejected the username or password of ${"somebody.".repeat(8)}else@example.com.`,
      remedy: "Enter the username and password again.",
      raised_at: Date.now(),
      cleared_at: null,
      acknowledged_at: null,
      acknowledged_by: null,
      email_due: null,
    })
    .execute();
  product.zone["example.com"] = { TXT: [`v=spf1 ${"ip4:192.0.2.1 ".repeat(30)}-all`] };
  product.zone["_submission._tcp.example.com"] = { SRV: [[0, 0, 1, "localhost"]] };
  const caught = product.services.sandbox?.list()[0]?.id;
  const welcome = {
    description: "Welcomes a new customer",
    schema: { type: "object", properties: { name: { type: "string" } } },
    example: { name: "Jo" },
    sources: { en: { subject: "Welcome", mjml: "<mj-text>Welcome</mj-text>" } },
  };
  await product.call("PUT", "/api/templates/welcome", { ...welcome, version: 0 });
  const warm = { en: { subject: "Welcome, {{ name }}", mjml: "<mj-text>A warm welcome</mj-text>" } };
  await product.call("PUT", "/api/templates/welcome", {
    ...welcome,
    sources: warm,
    version: 1,
    note: "Warmer words, which took a note that is rather long and says in full why it had to be done at all",
  });
  return [
    {
      path: "/settings/smtp",
      async prepare(page) {
        await page.getByLabel("From email").fill("orders@example.com");
        await page.getByRole("button", { name: "Check sender", exact: true }).click();
        await page
          .getByLabel("Order of configs")
          .or(page.getByText(/ (sends it|stays queued)/))
          .first()
          .waitFor();
      },
    },
    {
      path: `/settings/smtp/${config}`,
      async prepare(page) {
        await form.tls(page).click();
        await page.getByRole("button", { name: "Advanced" }).click();
        await form.test(page);
        await page.getByText("What to do:").first().waitFor();
        await page.getByText("SMTP transcript").click();
        await form.port(page).fill("25abc");
        await form.save(page);
        await page.getByRole("alert").waitFor();
      },
    },
    { path: `/settings/smtp/${paused}` },
    {
      path: `/settings/smtp/${failing}`,
      async prepare(page) {
        await page.getByText("Sending has failed since").waitFor();
        await page.getByText("saved a draft").waitFor();
        await page.getByRole("button", { name: /^Show all/ }).click();
      },
    },
    {
      path: "/",
      prepare: (page) => page.getByText("has failed since").waitFor(),
    },
    { path: "/settings/smtp/new" },
    {
      path: "/settings/smtp/new",
      async prepare(page) {
        await page.getByLabel("Your email address").fill("jo@example.com");
        await page.getByRole("button", { name: "Find settings" }).click();
        await page.getByText("Not reachable from here").waitFor();
        await form.server(page).fill("smtp.fastmail.com");
        await form.fromEmail(page).fill("jo@example.com");
        await page.getByRole("button", { name: "Check domain", exact: true }).click();
        await page.getByText("DKIM key not found").waitFor();
        await page.getByText("Published record").first().click();
      },
    },
    {
      path: "/settings/smtp/new",
      prepare: (page) => page.getByRole("button", { name: "Amazon SES" }).click(),
    },
    { path: "/emails" },
    { path: "/emails?state=unknown" },
    {
      path: "/emails?state=failed",
      async prepare(page) {
        await page.getByRole("button", { name: "Retry all" }).click();
        await page.getByText("This list has 1 email.").waitFor();
      },
    },
    { path: `/emails/${sent}` },
    { path: `/emails/${long}` },
    { path: `/emails/${failed}` },
    { path: `/emails/${sensitive}` },
    { path: "/templates" },
    {
      path: "/templates",
      async prepare(page) {
        await page.getByRole("button", { name: "Create template" }).click();
        await page.getByRole("dialog").getByLabel("Name").waitFor();
      },
    },
    { path: "/templates/order-notification" },
    {
      path: "/templates/password-reset",
      async prepare(page) {
        await page.getByRole("textbox", { name: "HTML (MJML)" }).fill("<mj-text>{{ nobody }}</mj-text>");
        await page.getByRole("button", { name: "HTML (MJML), English, line 1" }).waitFor();
        await page.getByText("Preview is out of date").waitFor();
      },
    },
    {
      path: "/templates/welcome",
      async prepare(page) {
        await page.getByText("Schema", { exact: true }).click();
        await page.getByRole("textbox", { name: "Data schema" }).waitFor();
        await page.getByRole("row").last().getByRole("button", { name: "Compare" }).click();
        await page.getByRole("dialog").locator(".cm-content").first().waitFor();
      },
    },
    { path: "/templates/parts/layout" },
    { path: "/settings/brand" },
    { path: "/sandbox" },
    { path: `/sandbox/${caught}` },
    { path: "/api-keys" },
    {
      path: "/api-keys",
      async prepare(page) {
        await page.getByRole("button", { name: "Create API key" }).click();
        await page.getByRole("dialog").getByLabel("Name").fill("Nightly reports");
        await page.getByRole("dialog").getByRole("button", { name: "Create API key" }).click();
        await page.getByRole("figure", { name: "Nightly reports" }).waitFor();
      },
    },
    {
      path: "/settings/watching",
      async prepare(page) {
        const webhook = page.getByRole("region", { name: "Webhook" });
        await webhook.getByLabel("URL").fill(`https://${"long-name.".repeat(8)}example.com/`);
        await webhook.getByRole("button", { name: "Save" }).click();
        await webhook.getByText(/^whsec_/).waitFor();
      },
    },
    { path: "/settings/retention" },
    {
      path: "/settings/retention",
      async prepare(page) {
        await page.getByLabel("Keep content for").fill("a while");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByText("Must be a whole number").waitFor();
      },
    },
    { path: "/audit" },
    { path: "/account" },
    { path: "/api/docs", prepare: (page) => page.locator("summary").first().click() },
    { path: "/no/such/page" },
  ];
}

/** A config that fails since its last change, with a draft, a history and a name that fits no phone. */
async function makeFailing(product: Product): Promise<string> {
  const name = "The relay of the subsidiary of the subsidiary in Llanfairpwllgwyngyllgogerychwyrndrobwll";
  const path = "/api/smtp-configs";
  const { id } = await product.call<{ id: string }>("POST", path, { ...product.sandboxConfig, name });
  for (const replyTo of ["first@example.com", "second@example.com", `${"x".repeat(60)}@example.com`, null]) {
    const saved = await product.call<object>("GET", `${path}/${id}`);
    await product.call("PUT", `${path}/${id}`, { ...saved, replyTo });
  }
  const saved = await product.call<object>("GET", `${path}/${id}`);
  await product.call("PUT", `${path}/${id}/draft`, { ...saved, fromName: "Of the draft" });
  await product.services.store.db
    .updateTable("smtp_config")
    .set(({ ref }) => ({ faulty_version: ref("version") }))
    .where("id", "=", id)
    .execute();
  return id;
}

const entrances: Place[] = [
  { path: "/sign-in" },
  { path: "/first-admin#token=spent" },
  { path: "/first-admin" },
  {
    path: "/forgot-password",
    async prepare(page) {
      await page.getByLabel("Email").fill("nobody@example.com");
      await page.getByRole("button", { name: "Send link" }).click();
      await page.getByText("Sendwright sends a link to it").waitFor();
    },
  },
  { path: "/reset-password" },
  { path: "/reset-password#token=spent" },
];

const looks = [
  { name: "wide and light", size: { width: 1280, height: 860 }, colorScheme: "light" },
  { name: "narrow and dark", size: { width: 390, height: 844 }, colorScheme: "dark" },
] as const;

test("every page has no barrier, fits the screen, and keeps to its policy", { timeout: 360_000 }, async ({
  product,
  enter,
  stranger,
}) => {
  const places = await placesOf(product);
  const inside = await enter("/account", { reducedMotion: "reduce" });
  const outside = await stranger({ reducedMotion: "reduce" });
  const found: string[] = [];
  async function look({ context }: Visit, { path, prepare }: Place): Promise<void> {
    const page = await context.newPage();
    const response = await page.goto(product.url + path);
    const policy = response?.headers()["content-security-policy"] ?? "";
    if (!/(^|; )script-src 'self'(;|$)/.test(policy)) found.push(`${path} has the policy ${policy}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await expect.poll(() => page.getByRole("status", { name: "Loading" }).count()).toBe(0);
    await prepare?.(page);
    // A colour on its way from one look to the other is of neither.
    await page.addStyleTag({ content: "*, *::before, *::after { transition: none !important }" });
    for (const { name, size, colorScheme } of looks) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      if (width > size.width) found.push(`${path}, ${name}, is ${width} px wide`);
      found.push(...(await barriers(page)).map((barrier) => `${path}, ${name}: ${barrier}`));
    }
    await page.close();
  }
  const left = [
    ...entrances.map((place) => [outside, place] as const),
    ...places.map((place) => [inside, place] as const),
  ];
  async function lookAtTheRest(): Promise<void> {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await look(...next);
  }
  // One page computes while others wait for the service.
  await Promise.all([lookAtTheRest(), lookAtTheRest(), lookAtTheRest()]);
  expect(found).toEqual([]);
  const requests = [...inside.witness.requests, ...outside.witness.requests];
  expect(requests.filter((url) => !url.startsWith(product.url) && !/^(data|about):/.test(url))).toEqual([]);
});
