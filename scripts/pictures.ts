// Draws the pictures of the documentation: starts the product with sample data, and photographs its pages.
// Run it by hand after a change of the pages: node scripts/pictures.ts
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { makeAuthority, startTestRelay } from "../src/testing/index.ts";
import { startBrowser } from "../test/e2e/browser.ts";
import { openProduct, signIn, visit } from "../test/e2e/product.ts";
import { makeSample } from "../test/e2e/sample.ts";

const folder = join(import.meta.dirname, "../docs/images");
mkdirSync(folder, { recursive: true });

const yearMs = 365 * 86_400_000;
const authority = makeAuthority();
await using relay = await startTestRelay({
  greeting: "220 smtp.example.com ESMTP ready",
  tls: authority.issue({ names: ["localhost"], notAfter: new Date(Date.now() + yearMs) }),
  auth: { username: "shop@example.com", password: "only for this picture" },
});

/** The relay runs here, on a port that happened to be free. In the picture it is one that a reader knows. */
function asReadersKnowIt(text: string): string {
  return text
    .replaceAll("localhost", "smtp.example.com")
    .replaceAll(/127\.0\.0\.1|::1/g, "192.0.2.25")
    .replaceAll(String(relay.port), "587");
}

const { browser, close: closeBrowser } = await startBrowser(["/usr/share/fonts"]);
const product = await openProduct();

async function open(path: string, options: BrowserContextOptions): Promise<Page> {
  const opened = await visit(browser, { reducedMotion: "reduce", ...options });
  await signIn(opened.context, product);
  await opened.context.route("**/api/smtp-configs**", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: asReadersKnowIt(await response.text()) });
  });
  await opened.page.goto(product.url + path);
  return opened.page;
}

try {
  const { config } = await makeSample(product);
  const saved = await product.call<object>("GET", `/api/smtp-configs/${config}`);
  await product.call("PUT", `/api/smtp-configs/${config}`, {
    ...saved,
    smtpServer: "localhost",
    smtpPort: relay.port,
    useTls: true,
    username: "shop@example.com",
    password: "only for this picture",
    caPem: authority.caPem,
    fromEmail: "shop@example.com",
    fromName: "Example Shop",
  });

  for (const colorScheme of ["light", "dark"] as const) {
    const page = await open("/settings/smtp", { viewport: { width: 1280, height: 976 }, colorScheme });
    await page.getByLabel("Send a test email to").fill("ada@example.com");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("All steps passed").waitFor();
    await page.getByText("Last test passed").waitFor();
    await photograph(page, `settings-${colorScheme}`);
  }
  const page = await open("/emails", { viewport: { width: 1280, height: 530 }, colorScheme: "light" });
  await page.getByRole("row").nth(1).waitFor();
  await photograph(page, "emails");
} finally {
  await product.close();
  await closeBrowser();
}

async function photograph(page: Page, name: string): Promise<void> {
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, animations: "disabled" });
  console.log(path);
  await page.context().close();
}
