import type { DnsFinding } from "../../api/types.ts";

export const title = "Sender's domain";
export const idle =
  "Looks up in the DNS what receivers check about your from email: SPF, DKIM, DMARC, and whether replies can arrive.";
export const idleSandbox = "Nothing leaves the sandbox, so that no receiver checks the from email.";
export const check = "Check";
export const again = "Check again";
export const checking = "Checking the domain";
export const of = (domain: string) => `What receivers find for ${domain}:`;
export const stale = "The form has changed since this check.";
export const checks = { spf: "SPF", dkim: "DKIM", dmarc: "DMARC", mx: "MX" } satisfies Record<
  DnsFinding["check"],
  string
>;
export const statuses = {
  ok: "in order",
  warning: "wants attention",
  failed: "not in order",
  unknown: "cannot be told from here",
} satisfies Record<DnsFinding["status"], string>;
export const publish = (type: string, name: string) => `${type} record of ${name}`;
export const recordLabel = (check: string) => `${check} record to publish`;
export const seen = "What is published";
