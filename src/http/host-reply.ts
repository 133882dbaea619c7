import { HTTPException } from "hono/http-exception";

/** Ends a request with what the host said. */
export function hostReply(reply: Response): HTTPException {
  return new HTTPException(undefined, { res: reply });
}

/** The reply of the host, where that is what ended the request. */
export function hostReplyOf(error: unknown): Response | undefined {
  return error instanceof HTTPException ? error.res : undefined;
}
