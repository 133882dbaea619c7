import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiKeys } from "../../src/accounts/api-keys.ts";
import { createLog } from "../../src/core/log.ts";
import { parse } from "../../src/core/parse.ts";
import type { AcceptOptions } from "../../src/emails/acceptance.ts";
import { prepareEmail } from "../../src/emails/compose.ts";
import { Outbox } from "../../src/emails/emails.ts";
import type { Accepted } from "../../src/emails/idempotency.ts";
import { emailRequest } from "../../src/emails/request.ts";
import { createApp } from "../../src/http/app.ts";
import { serve } from "../../src/http/serve.ts";
import { generateKey } from "../../src/secret/fernet.ts";
import { openServices, type Services } from "../../src/services.ts";
import type { NewEmail } from "../../src/store/tables/email-inserts.ts";

/** The stand-alone server's app on the loopback, with a key that may send. */
export interface TestedServer {
  readonly url: string;
  readonly apiKey: string;
  close(): Promise<void>;
}

/** As it is: 202 is answered after the commit. Without an SMTP config, so that nothing is delivered meanwhile. */
export function openStoring(): Promise<TestedServer> {
  return open((services) => services);
}

/** The same in all but one thing: what was accepted is kept in memory. */
export function openInMemory(): Promise<TestedServer> {
  return open((services) => ({ ...services, outbox: new InMemoryOutbox(services) }));
}

async function open(arrange: (services: Services) => Services): Promise<TestedServer> {
  const folder = mkdtempSync(join(tmpdir(), "sendwright-bench-"));
  const services = await openServices({
    database: join(folder, "sendwright.db"),
    secret: generateKey(),
    log: createLog("silent"),
  });
  const app = createApp(arrange(services), { signedIn: async () => null });
  const server = await serve(app, { host: "127.0.0.1", port: 0 });
  const apiKeys = new ApiKeys({ ...services, environmentKey: null });
  const { key } = await apiKeys.create({ name: "bench", scope: "send" }, { id: "bench", name: "bench" });
  return {
    url: server.url,
    apiKey: key,
    async close() {
      await server.close();
      await services.close();
      rmSync(folder, { recursive: true });
    },
  };
}

class InMemoryOutbox extends Outbox {
  readonly #services: Services;
  readonly #accepted: Omit<NewEmail, "idempotency">[] = [];

  constructor(services: Services) {
    super({ ...services, onQueued() {} });
    this.#services = services;
  }

  override async accept(input: unknown, { caller }: AcceptOptions): Promise<Accepted> {
    const { clock, templates, secrets } = this.#services;
    const request = parse(emailRequest, input);
    const now = clock.now();
    const prepared = prepareEmail(request, { caller, now, domain: "example.com", templates, secrets });
    this.#accepted.push(prepared);
    const { id, messageId, state } = prepared.email;
    return { id, messageId, state, repeated: false };
  }
}
