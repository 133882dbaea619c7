import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { createLog } from "../../src/core/log.ts";
import { builtPages } from "../../src/http/pages.ts";
import { type StandaloneOptions, startStandalone } from "../../src/http/standalone.ts";
import { generateKey } from "../../src/secret/fernet.ts";
import { openServices, type Services } from "../../src/services.ts";
import { startDnsServer, type ZoneEntry } from "../support/dns-server.ts";
import { type Witness, watch } from "./witness.ts";

export const admin = { email: "ada@example.com", password: "a sentence to sign in with" } as const;
const apiKey = "an-admin-key-of-the-environment-0123";

/** The service as `npm start` runs it, with a database in memory and on ports of its own. */
export interface Product {
  /** What browsers open, without a slash at its end. */
  readonly url: string;
  readonly services: Services;
  readonly firstAdminLink: string | null;
  /** What the DNS says; a test may add to it. */
  readonly zone: Record<string, ZoneEntry>;
  /** A config for the sandbox, as the API takes it. */
  readonly sandboxConfig: Readonly<Record<string, unknown>>;
  /** A request of a program with an admin's key. @throws Error unless it succeeds. */
  call<Reply>(method: string, path: string, body?: unknown): Promise<Reply>;
  close(): Promise<void>;
}

/** @param recipients who may get mail, as `SENDWRIGHT_RECIPIENTS` says it */
export async function openProduct(
  options: Partial<StandaloneOptions> = {},
  recipients = "all",
): Promise<Product> {
  if (!existsSync(join(builtPages, "index.html"))) {
    throw new Error("The pages are not built: run the tests with `npm test`, or `npm run build` first.");
  }
  const zone: Record<string, ZoneEntry> = {};
  const dns = await startDnsServer(zone);
  const services = await openServices({
    database: ":memory:",
    secret: generateKey(),
    sandboxPort: 0,
    recipients,
    dnsServers: [dns.address],
    log: createLog("silent"),
  });
  const server = await startStandalone(services, {
    host: "127.0.0.1",
    port: 0,
    apiKey,
    firstAdmin: admin,
    ...options,
  });
  const url = server.publicUrl;
  return {
    url,
    services,
    firstAdminLink: server.firstAdminLink,
    zone,
    sandboxConfig: {
      smtpServer: "127.0.0.1",
      smtpPort: services.sandbox?.port,
      useTls: false,
      fromEmail: "shop@example.com",
      fromName: "Example Shop",
    },
    async call(method, path, body) {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === "" ? null : JSON.parse(text);
    },
    async close() {
      await server.close(0);
      await services.close(0);
      await dns[Symbol.asyncDispose]();
    },
  };
}

/** One browser profile: its cookies, its page, and what happened there. */
export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly witness: Witness;
}

/** A profile that nobody knows. */
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  context.setDefaultTimeout(20_000);
  const witness = watch(context);
  return { context, page: await context.newPage(), witness };
}

/** Signs the profile in, without a page. */
export async function signIn(context: BrowserContext, { url }: Product): Promise<void> {
  const reply = await context.request.post(`${url}/api/auth/sign-in/email`, { data: admin });
  if (!reply.ok()) throw new Error(`sign-in: ${reply.status()} ${await reply.text()}`);
}
