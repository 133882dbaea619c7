import { createLog } from "../../src/core/log.ts";
import { type Standalone, startStandalone } from "../../src/http/standalone.ts";
import { generateKey } from "../../src/secret/fernet.ts";
import { openServices, type Services } from "../../src/services.ts";

/** The address that examples name. */
export const documentedUrl = "http://127.0.0.1:4650";

const adminKey = "an-admin-key-for-the-examples-of-the-docs";

/** A service as after the quickstart, on a free port: its sandbox is the SMTP server. */
export class DocumentedService implements AsyncDisposable {
  readonly #services: Services;
  readonly #server: Standalone;
  /** What the examples take from the environment. */
  readonly variables: Readonly<Record<string, string>>;

  private constructor(services: Services, server: Standalone, variables: Readonly<Record<string, string>>) {
    this.#services = services;
    this.#server = server;
    this.variables = variables;
  }

  static async start(): Promise<DocumentedService> {
    const services = await openServices({
      database: ":memory:",
      secret: generateKey(),
      sandboxPort: 0,
      log: createLog("silent"),
    });
    const server = await startStandalone(services, { host: "127.0.0.1", port: 0, apiKey: adminKey });
    const call = async (method: string, path: string, body?: unknown, key = adminKey) => {
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(await response.text());
      return (await response.json()) as { id: string; key: string; state: string };
    };
    const { host: smtpServer, port: smtpPort } = services.sandbox ?? { host: "", port: 0 };
    const config = { name: "Bulk", smtpServer, smtpPort, useTls: false, fromEmail: "shop@example.com" };
    const { id: CONFIG_ID } = await call("POST", "/api/smtp-configs", config);
    const { key } = await call("POST", "/api/api-keys", { name: "examples", scope: "send" });
    const email = { to: "jo@example.com", subject: "Hello", text: "Hi Jo" };
    const { id: EMAIL_ID } = await call("POST", "/api/emails", email, key);
    while ((await call("GET", `/api/emails/${EMAIL_ID}`)).state !== "sent") {
      await new Promise(setImmediate);
    }
    return new DocumentedService(services, server, {
      SENDWRIGHT_KEY: key,
      SENDWRIGHT_ADMIN_KEY: adminKey,
      CONFIG_ID,
      EMAIL_ID,
    });
  }

  /** A text of the documentation with the address of this service in it. */
  here(text: string): string {
    return text.replaceAll(documentedUrl, this.#server.url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
    await this.#services.close();
  }
}
