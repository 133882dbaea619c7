import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import type { Product } from "./product.ts";
import { test } from "./scene.ts";

interface Template {
  readonly version: number;
  readonly isEdited: boolean;
  readonly sources: Readonly<Record<string, { subject: string; mjml: string }>>;
}

const source = (page: Page) => page.getByRole("textbox", { name: "HTML (MJML)" });
const focused = (page: Page) => source(page).and(page.locator(":focus"));
const subject = (page: Page) => page.getByRole("textbox", { name: "Subject" });
const save = (page: Page) => page.getByRole("button", { name: "Save", exact: true });
const email = (page: Page) => page.frameLocator('iframe[title="Email preview"]');
const faults = (page: Page) => page.getByRole("status", { name: "Errors" });
const saved = (product: Product, name = "password-reset") =>
  product.call<Template>("GET", `/api/templates/${name}`);

/** Types at the end of a text, as an author does. */
async function append(page: Page, field: (page: Page) => ReturnType<typeof source>, text: string) {
  await field(page).click();
  await page.keyboard.press("ControlOrMeta+End");
  // Not key by key: the editor would close brackets that the text closes itself.
  await page.keyboard.insertText(text);
}

describe("the editor of templates", () => {
  test("shows a fault at its line, then the email, and sends, saves and restores it", async ({
    product,
    enter,
  }) => {
    await product.call("POST", "/api/smtp-configs", product.sandboxConfig);
    const { page } = await enter("/templates/password-reset");
    await email(page).getByRole("heading", { name: "Reset your password" }).waitFor();

    await append(page, source, "\n<mj-text>Until soon, {{ nmae }}</mj-text>");
    const fault = faults(page).getByRole("listitem");
    await fault.getByText("nmae").waitFor();
    const line = (await saved(product)).sources.en!.mjml.trimEnd().split("\n").length + 1;
    const button = fault.getByRole("button", { name: `HTML (MJML), English, line ${line}` });
    expect(await page.locator(".cm-lintRange-error").innerText()).toBe("nmae");
    expect(await email(page).getByText("Until soon").count()).toBe(0);
    await subject(page).click();
    await button.click();
    await page.keyboard.press("ControlOrMeta+Shift+ArrowRight");
    await page.keyboard.insertText("name");
    await email(page).getByText("Until soon, Jo").waitFor();
    await expect.poll(() => fault.count()).toBe(0);

    await page.getByRole("button", { name: "Send test email" }).click();
    await page.getByText("Test email queued for ada@example.com").waitFor();
    await expect.poll(() => product.services.sandbox?.list().length).toBe(1);
    const [caught] = product.services.sandbox?.list() ?? [];
    expect(caught?.subject).toBe("Reset your password");
    expect((await saved(product)).isEdited).toBe(false);

    await page.getByLabel("Change note").fill("A friendlier end");
    await page.keyboard.press("ControlOrMeta+s");
    await page.getByText("Saved. Version 1").waitFor();
    expect((await saved(product)).sources.en!.mjml).toContain("Until soon, {{ name }}");

    const row = (name: string) => page.getByRole("row").filter({ hasText: name });
    await row("A friendlier end").getByText("Current").waitFor();
    await row("Built-in").getByRole("button", { name: "Compare" }).click();
    await page.getByRole("dialog").getByText("Until soon").waitFor();
    await page.keyboard.press("Escape");
    await row("Built-in").getByRole("button", { name: "Restore" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
    await expect.poll(() => email(page).getByText("Until soon").count()).toBe(0);
    expect((await saved(product)).sources.en!.mjml).not.toContain("Until soon");
    expect(await source(page).innerText()).not.toContain("Until soon");

    await page.getByRole("link", { name: "View email" }).click();
    await page.getByRole("heading", { level: 1 }).getByText("Reset your password").waitFor();
  });

  test("loses neither what was typed nor what somebody else saved", async ({ product, enter }) => {
    const { page } = await enter("/templates/password-reset");
    await append(page, subject, ", mine");
    const before = await saved(product);
    const en = { ...before.sources.en, subject: "Theirs" };
    await product.call("PUT", "/api/templates/password-reset", {
      sources: { ...before.sources, en },
      version: before.version,
    });
    await save(page).click();
    const notice = page.getByRole("status").filter({ hasText: "Someone else saved this" });
    await notice.getByRole("button", { name: "Compare" }).click();
    await page.getByRole("dialog").getByText("Theirs", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    expect((await saved(product)).sources.en!.subject).toBe("Theirs");
    await notice.getByRole("button", { name: "Save my version" }).click();
    await page.getByText("Saved. Version 2").waitFor();
    expect((await saved(product)).sources.en!.subject).toMatch(/, mine$/);
  });

  test("asks before it is left with changes, and can be left by key", async ({ enter }) => {
    const { page } = await enter("/templates/test-email");
    await append(page, source, "\n<mj-text>More</mj-text>");
    await page.keyboard.press("Tab");
    await expect.poll(() => focused(page).count()).toBe(1);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    await expect.poll(() => focused(page).count()).toBe(0);
    await page.getByRole("link", { name: "Emails", exact: true }).click();
    await page.getByRole("button", { name: "Stay" }).click();
    await page.getByRole("button", { name: "Discard changes" }).click();
    await page.getByText("Built-in version").waitFor();
    expect(await source(page).innerText()).not.toContain("More");
  });

  test("offers the fields of the data", async ({ enter }) => {
    const { page } = await enter("/templates/order-notification");
    await append(page, subject, "");
    await page.keyboard.type(" {{ orderN");
    await page.getByRole("option", { name: "orderNumber" }).click();
    await expect.poll(() => subject(page).innerText()).toMatch(/ \{\{ orderNumber\}\}$/);
  });

  test("makes a template, adds a language, and deletes it", async ({ product, enter }) => {
    const { page } = await enter("/templates");
    await page.getByRole("button", { name: "Create template" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Not A Name");
    await dialog.getByLabel("Description").fill("Welcomes a new customer");
    await dialog.getByRole("button", { name: "Create template" }).click();
    await dialog.getByText("Must be lower case").waitFor();
    await dialog.getByLabel("Name").fill("welcome");
    await dialog.getByRole("button", { name: "Create template" }).click();
    await email(page).getByRole("heading", { name: "Welcome, Jo" }).waitFor();

    await page.getByRole("button", { name: "Add language" }).click();
    await dialog.getByLabel("Language tag").fill("de-at");
    await dialog.getByText("Austrian German").waitFor();
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await append(
      page,
      source,
      '<mj-text>Servus</mj-text>\n<mj-text><a href="http://example.com/">x</a></mj-text>',
    );
    await email(page).getByText("Servus").waitFor();
    await page.getByRole("button", { name: "line 5" }).click();
    expect(await focused(page).count()).toBe(1);
    await page.keyboard.press("Home");
    await page.keyboard.insertText("<mj-divider />");
    await email(page).locator("p[style*=border-top]").waitFor({ state: "attached" });
    await save(page).click();
    await page.getByText("Saved. Version 2").waitFor();
    expect(Object.keys((await saved(product, "welcome")).sources).sort()).toEqual(["de-AT", "en"]);

    expect((await saved(product, "welcome")).sources["de-AT"]?.mjml).toContain("<mj-divider /><mj-text><a");

    await page.getByText("Schema", { exact: true }).click();
    await page.getByLabel("Expires after").fill("15");
    await save(page).click();
    await page.getByText("Saved. Version 3").waitFor();
    expect(await product.call("GET", "/api/templates/welcome")).toMatchObject({ expiresAfterMs: 900_000 });

    await page.getByText("Sample data").click();
    await page.getByRole("textbox", { name: "Sample data" }).click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.insertText('{\n  "name": 3\n}');
    await faults(page).getByText("name: ").waitFor();
    await faults(page).getByRole("button", { name: "Sample data, line 2" }).waitFor();
    await page.getByRole("button", { name: "Delete template" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { name: "Templates", level: 1 }).waitFor();
    expect(await page.getByRole("link", { name: "welcome" }).count()).toBe(0);
  });

  test("begins a template as a copy of another", async ({ product, enter }) => {
    const { page } = await enter("/templates");
    await page.getByRole("button", { name: "Create template" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("my-code");
    await dialog.getByLabel("Description").fill("A code in our words");
    await dialog.getByLabel("Start with").selectOption("sign-in-code");
    await dialog.getByRole("button", { name: "Create template" }).click();
    await email(page).getByText("Your sign-in code").first().waitFor({ state: "attached" });
    expect(await product.call("GET", "/api/templates/my-code")).toMatchObject({ sensitive: true });
  });

  test("shows an email as mail programs in the dark do, and runs nothing of it", async ({ enter }) => {
    const { page } = await enter("/templates/password-reset");
    const frame = page.locator('iframe[title="Email preview"]');
    async function paper() {
      const shown = await (await frame.elementHandle())?.contentFrame();
      return shown?.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    }
    await email(page).getByRole("heading", { name: "Reset your password" }).waitFor();
    expect(await paper()).toBe("rgb(243, 244, 246)");
    await page.getByRole("switch", { name: "Dark" }).click();
    await expect.poll(paper).toBe("rgb(18, 20, 25)");
    expect(await frame.getAttribute("sandbox")).toBe("");
  });
});

describe("what templates share", () => {
  test("shows a change of the layout in a template, and keeps one that would break them out", async ({
    product,
    enter,
  }) => {
    const { page } = await enter("/templates");
    await page.getByRole("link", { name: "layout" }).click();
    await email(page).getByRole("heading", { name: "Reset your password" }).waitFor();
    await source(page).click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.insertText("<mjml><mj-body><mj-raw>New frame</mj-raw>{{ content }}</mj-body></mjml>");
    await email(page).getByText("New frame").waitFor();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.insertText("<mjml>\n<mj-bdy>{{ content }}</mj-bdy></mjml>");
    await faults(page).getByRole("button", { name: "HTML (MJML), line 2" }).waitFor();
    await save(page).click();
    await page.getByText("Not saved").waitFor();
    expect(await product.call("GET", "/api/template-parts/layout")).toMatchObject({ isEdited: false });
  });

  test("shows the brand in an email while it is typed", async ({ product, enter }) => {
    const { page } = await enter("/");
    await page.getByRole("link", { name: "Brand" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Nordlys");
    await email(page).getByText("your Nordlys account").waitFor();
    await page.getByLabel("Website").fill("nordlys");
    await save(page).click();
    await expect.poll(() => page.getByLabel("Website").getAttribute("aria-invalid")).toBe("true");
    await page.getByLabel("Website").fill("https://nordlys.example.com/");
    await page.getByRole("button", { name: "Add link" }).click();
    await page.getByLabel("Link 1: Text").fill("Help");
    await page.getByLabel("Link 1: URL").fill("https://nordlys.example.com/help");
    await email(page).getByRole("link", { name: "Help" }).waitFor();
    await save(page).click();
    await page.getByRole("status").getByText("Saved", { exact: true }).waitFor();
    const { brand } = await product.call<{ brand: unknown }>("GET", "/api/settings");
    expect(brand).toEqual({
      name: "Nordlys",
      url: "https://nordlys.example.com/",
      logoUrl: null,
      color: null,
      address: null,
      footerLinks: [{ label: "Help", url: "https://nordlys.example.com/help" }],
    });
  });
});
