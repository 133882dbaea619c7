import { startTestRelay } from "../../src/testing/index.ts";
import type { Product } from "./product.ts";

interface Email {
  readonly id: string;
  readonly state: string;
}

/** Posts an email, and resolves with its id when nothing more happens to it. */
export async function deliver(product: Product, email: Readonly<Record<string, unknown>>): Promise<string> {
  const { id } = await product.call<Email>("POST", "/api/emails", { to: "jo@example.com", ...email });
  let state: string;
  do ({ state } = await product.call<Email>("GET", `/api/emails/${id}`));
  while (state === "queued" || state === "sending");
  return id;
}

export interface Sample {
  /** Ids of emails in the log. */
  readonly sent: string;
  readonly sensitive: string;
  readonly failed: string;
  /** Id of a config for the sandbox. */
  readonly config: string;
}

/** Fills a service with something of each kind that its pages show. */
export async function makeSample(product: Product): Promise<Sample> {
  const { items } = await product.call<{ items: { name: string; example: Record<string, unknown> }[] }>(
    "GET",
    "/api/templates",
  );
  const dataFor = (template: string) => items.find(({ name }) => name === template)?.example;
  const later = new Date(Date.now() + 3_600_000).toISOString();

  await using relay = await startTestRelay({
    onRcpt: (to) =>
      to.startsWith("nobody@")
        ? "550 5.1.1 The email account that you tried to reach does not exist"
        : undefined,
  });
  const { id: config } = await product.call<{ id: string }>("POST", "/api/smtp-configs", {
    ...product.sandboxConfig,
    smtpPort: relay.port,
  });
  const failed = await deliver(product, {
    to: "nobody@example.com",
    subject: "Your invoice for October",
    text: "Attached is your invoice.",
  });
  await deliver(product, {
    to: ["jo@example.com", "nobody@example.com"],
    subject: "Minutes of our meeting",
    text: "See you next week.",
    tags: ["minutes"],
  });
  const saved = await product.call<object>("GET", `/api/smtp-configs/${config}`);
  await product.call("PUT", `/api/smtp-configs/${config}`, { ...saved, ...product.sandboxConfig });

  const sensitive = await deliver(product, { template: "password-reset", data: dataFor("password-reset") });
  const sent = await deliver(product, {
    to: { name: "Jo Doe", address: "jo@example.com" },
    template: "order-notification",
    data: dataFor("order-notification"),
    tags: ["order"],
  });
  await product.call("POST", "/api/emails", {
    to: "bo@example.com",
    subject: "Your trial ends tomorrow",
    text: "It ends tomorrow.",
    scheduledAt: later,
  });
  await product.call("POST", "/api/api-keys", { name: "Web shop", scope: "send" });
  return { sent, sensitive, failed, config };
}
