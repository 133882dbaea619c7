import type { DnsFinding } from "../../api/types.ts";

export const title = "Sender domain";
export const idle =
  "Checks what receivers look up for your From email: SPF, DKIM and DMARC records, and MX records for replies.";
export const idleSandbox = "Emails stay in the sandbox, so no receiver checks your From email.";
export const check = "Check domain";
export const again = "Check again";
export const checking = "Checking the domain";
export const of = (domain: string) => `DNS records of ${domain}:`;
export const stale = "The form has changed since this check.";
export const checks = { spf: "SPF", dkim: "DKIM", dmarc: "DMARC", mx: "MX" } satisfies Record<
  DnsFinding["check"],
  string
>;
export const statuses = {
  ok: "OK",
  warning: "warning",
  failed: "failed",
  unknown: "unknown",
} satisfies Record<DnsFinding["status"], string>;
export const publish = (type: string, name: string) => `${type} record of ${name}`;
export const recordLabel = (check: string) => `${check} record to publish`;
export const seen = "Published record";
