import { HTTPException } from "hono/http-exception";

/** Ends a request with the reply of the host. */
export function hostReply(reply: Response): HTTPException {
  return new HTTPException(undefined, { res: reply });
}

/** The reply of the host, if that is what ended the request. */
export function hostReplyOf(error: unknown): Response | undefined {
  return error instanceof HTTPException ? error.res : undefined;
}
