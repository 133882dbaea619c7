import type { EmailRequest } from "./delivery/email-request.ts";
import type { Accepted } from "./delivery/outbox.ts";
import { openPosthorn, type Posthorn, type PosthornOptions } from "./posthorn.ts";
import { createHandler, type HandlerOptions } from "./server/handler.ts";

/** Posthorn inside a Node application. */
export interface EmbeddedPosthorn extends Posthorn {
  /**
   * Accepts an email: when this returns, it is stored, and will be delivered even if the process dies.
   * @throws PosthornError as `outbox.accept` does.
   */
  send(request: EmailRequest, options?: { readonly idempotencyKey?: string }): Promise<Accepted>;
  /** The pages and the API as a web-standard fetch handler. The host decides who is an admin. */
  handler(options: HandlerOptions): (request: Request) => Promise<Response>;
}

/** Opens Posthorn as a library. The options are those of the stand-alone server's core; nothing is read from the environment. */
export async function createPosthorn(options: PosthornOptions): Promise<EmbeddedPosthorn> {
  const posthorn = await openPosthorn(options);
  const caller = { id: "library", name: "library" };
  return {
    ...posthorn,
    send: (request, { idempotencyKey } = {}) => posthorn.outbox.accept(request, { caller, idempotencyKey }),
    handler: (handlerOptions) => createHandler(posthorn, handlerOptions),
  };
}
