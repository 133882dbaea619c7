import type { Environment, ServerOptions } from "../../core/environment.ts";
import { type Issue, isSendwrightError } from "../../core/errors.ts";
import { ruleSentence } from "../../guard/rule.ts";
import { isLoopback } from "../../net/host.ts";
import { guardOf } from "../recipient-guard.ts";
import { type Check, failed, ok, warning } from "./checks/check.ts";

/** The oldest Node.js that has what Sendwright uses. */
const oldest = [22, 18] as const;

export function checkNode(version: string): Check {
  const node = { id: "machine.node", title: "Node.js" };
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return ok(node, version);
  return failed(node, version, `Sendwright needs Node.js ${oldest.join(".")} or newer: https://nodejs.org/`);
}

/** Variables that nothing starts with. */
export function checkRefused(issues: readonly Issue[]): readonly Check[] {
  return issues.map(({ pointer, detail }) =>
    failed(
      { id: `environment.${pointer}`, title: pointer },
      detail,
      "Sendwright doesn't start until this is fixed.",
    ),
  );
}

export function checkEnvironment({ options, unknown, serviceLinks }: Environment): readonly Check[] {
  const mistyped = unknown.map((name) =>
    warning(
      { id: `environment.${name}`, title: name },
      "Unknown variable.",
      "Check the spelling. `sendwright --help` lists all variables.",
    ),
  );
  const links = serviceLinks.map((name) =>
    warning(
      { id: `environment.${name}`, title: name },
      "Kubernetes sets this variable for a Service of that name. Sendwright ignores it.",
      "Set `enableServiceLinks: false` in the pod spec.",
    ),
  );
  return [...mistyped, ...links, checkPublicUrl(options), ...checkRecipients(options)];
}

/** None if every recipient gets mail. */
function checkRecipients(options: ServerOptions): readonly Check[] {
  const subject = { id: "environment.SENDWRIGHT_RECIPIENTS", title: "Recipients" };
  try {
    const sentence = ruleSentence(guardOf(options).rule);
    return sentence === null
      ? []
      : [warning(subject, sentence, "Unset SENDWRIGHT_RECIPIENTS in production.")];
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    return [failed(subject, error.message, "Sendwright doesn't start until this is fixed.")];
  }
}

function checkPublicUrl({ publicUrl, host }: ServerOptions): Check {
  const subject = { id: "environment.SENDWRIGHT_PUBLIC_URL", title: "Public URL" };
  if (publicUrl === undefined) {
    return isLoopback(host)
      ? ok(subject, "this machine only")
      : warning(
          subject,
          `SENDWRIGHT_PUBLIC_URL isn't set, so links only work on this machine. Sendwright listens on ${host}.`,
          "Set SENDWRIGHT_PUBLIC_URL to the URL in your browser, such as https://mail.example.com.",
        );
  }
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === "https:" || isLoopback(hostname)) return ok(subject, withoutCredentials(publicUrl));
  return warning(
    subject,
    `${withoutCredentials(publicUrl)} is not encrypted, so others can read passwords and sessions.`,
    "Put a proxy with TLS in front and set SENDWRIGHT_PUBLIC_URL to its https URL.",
  );
}

/** An address as it may be shown. */
export function withoutCredentials(address: string): string {
  // PostgreSQL knows forms that are no URL, such as several hosts.
  if (!URL.canParse(address)) return "set";
  const url = new URL(address);
  url.username = "";
  url.password = "";
  // Drivers take a password as a parameter too.
  url.search = "";
  return url.href;
}
