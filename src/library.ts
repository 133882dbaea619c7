import { z } from "zod";
import type { Clock } from "./core/clock.ts";
import { dnsServer } from "./core/dns-server.ts";
import { SendwrightError } from "./core/errors.ts";
import type { Log } from "./core/log.ts";
import { egressModes } from "./core/model.ts";
import { parse } from "./core/parse.ts";
import type { EmailDetail } from "./emails/emails.ts";
import type { Accepted } from "./emails/idempotency.ts";
import type { EmailRequest } from "./emails/request.ts";
import { checkRequestSize } from "./emails/request-size.ts";
import { createHandler, type HandlerOptions } from "./http/handler.ts";
import type { Health } from "./monitoring/health.ts";
import { openServices, type ServicesOptions } from "./services.ts";
import type { SmtpConfigInput } from "./smtp-configs/settings.ts";
import type { Templates } from "./templates/engine/templates.ts";

/** Those of `openServices`; the secret may be missing, as a variable of the environment may be. */
export type CreateOptions = Omit<ServicesOptions, "secret"> & { readonly secret: string | undefined };

/** Sendwright inside a Node application. */
export interface Sendwright {
  /**
   * Accepts an email: when this returns, it is stored, and will be delivered even if the process dies.
   * @throws SendwrightError as `Outbox.accept` does, and `server.busy` if there is no memory for it within a few seconds.
   */
  send(request: EmailRequest, options?: { readonly idempotencyKey?: string }): Promise<Accepted>;
  /**
   * An email with its recipients and attempts.
   * @throws SendwrightError `email.not_found`
   */
  email(id: string): Promise<EmailDetail>;
  readonly templates: Templates;
  /** The pages and the API as a web-standard fetch handler. The host decides who is an admin. */
  handler(options: HandlerOptions): (request: Request) => Promise<Response>;
  health(): Promise<Health>;
  /** Finishes what is being sent, for up to `deadlineMs` (default 10 s), and lets everything go. */
  close(deadlineMs?: number): Promise<void>;
}

const createOptions = z.strictObject({
  database: z.string().min(1),
  secret: z.string().optional(),
  previousSecrets: z.array(z.string()).optional(),
  smtp: z.custom<SmtpConfigInput>().optional(),
  egress: z.enum(egressModes).optional(),
  dnsServers: z.array(dnsServer).min(1).optional(),
  publicUrl: z.url("must be the URL of the pages").optional(),
  memory: z.int().min(1).optional(),
  queueLimit: z.int().min(1).optional(),
  minFreeDisk: z.int().min(0).optional(),
  recipients: z.string().optional(),
  sandboxPort: z.int().min(0).max(65_535).nullable().optional(),
  log: z.custom<Log>().optional(),
  clock: z.custom<Clock>().optional(),
  random: z.custom<() => number>().optional(),
});

/**
 * Opens Sendwright as a library: nothing is read from the environment, and no key file is made.
 * @throws SendwrightError `input.invalid`, `secret.missing`, and those of `openServices`.
 */
export async function createSendwright(options: CreateOptions): Promise<Sendwright> {
  const { secret, ...rest } = parse(createOptions, options);
  if (secret === undefined) {
    throw new SendwrightError(
      "secret.missing",
      "createSendwright() requires a secret, which encrypts stored passwords. Create one with `npx sendwright generate-secret`.",
    );
  }
  const services = await openServices({ ...rest, secret });
  const caller = { id: "library", name: "library" };
  return {
    send: async (request, { idempotencyKey } = {}) =>
      services.contentMemory.use(checkRequestSize(request), () =>
        services.outbox.accept(request, { caller, idempotencyKey }),
      ),
    email: (id) => services.outbox.get(id),
    templates: services.templates,
    handler: (handlerOptions) => createHandler(services, handlerOptions),
    health: () => services.health(),
    close: (deadlineMs) => services.close(deadlineMs),
  };
}
