import { createHmac } from "node:crypto";

/** The headers of a webhook request (Standard Webhooks 1.0.0, "Webhook headers"). */
export interface WebhookHeaders {
  readonly "webhook-id": string;
  /** When this attempt was signed, in seconds since the epoch. */
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
}

const prefix = "whsec_";

/**
 * Signs a body as Standard Webhooks 1.0.0 specifies: HMAC-SHA256 over `id.timestamp.body`, in base64 after `v1,`.
 * @param secret `whsec_` and the base64 of the key
 * @param id without a full stop, which separates the parts
 * @param now milliseconds since the epoch
 */
export function signedHeaders(
  secret: string,
  { id, body }: { readonly id: string; readonly body: string },
  now: number,
): WebhookHeaders {
  const timestamp = String(Math.floor(now / 1000));
  const key = Buffer.from(secret.slice(prefix.length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}
