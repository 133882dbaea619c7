import type { Locator, Page } from "playwright-core";

/** The settings form, by the words that an admin reads. */
export const server = (page: Page) => page.getByLabel("SMTP server");
export const port = (page: Page) => page.getByLabel("Port", { exact: true });
export const tls = (page: Page) => page.getByRole("switch", { name: "Use TLS" });
export const username = (page: Page) => page.getByLabel("Username");
export const password = (page: Page) => page.getByRole("textbox", { name: "Password" });
export const fromEmail = (page: Page) => page.getByLabel("From email");
export const fromName = (page: Page) => page.getByLabel("From name");
/** A config that works is tested before its changes are used. */
export const save = (page: Page) =>
  page.getByRole("button", { name: /^(Save Settings|Test and save)$/ }).click();
export const test = (page: Page) => page.getByRole("button", { name: "Test Connection" }).click();

/** Resolves when the page says that it saved. */
export const saved = (page: Page) =>
  page
    .getByRole("status")
    .getByText(/^Saved/)
    .waitFor();

/** A stage in the list of the test's results. */
export const stage = (page: Page, name: string) =>
  page.getByRole("region", { name: "Connection test" }).getByRole("listitem").filter({ hasText: name });

/** Resolves when the stage has this result. */
export const result = (page: Page, name: string, status: string) =>
  stage(page, name).getByRole("img", { name: status, exact: true }).waitFor();

/** What a screen reader says besides a field's name: its hint and what is wrong with it. */
export async function description(field: Locator): Promise<string> {
  const ids = (await field.getAttribute("aria-describedby")) ?? "";
  const texts = ids
    .split(" ")
    .filter((id) => id !== "")
    .map((id) => field.page().locator(`[id="${id}"]`).innerText());
  return (await Promise.all(texts)).join(" ");
}
