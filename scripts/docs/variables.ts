import { documentedOptions } from "../../src/core/environment.ts";
import { code, type Page, page, sentence } from "./markdown.ts";

/** Where a variable is explained further: the end of a sentence. */
const more: Readonly<Record<string, string>> = {
  SENDWRIGHT_KEEP_ALIVE: "[Behind a proxy](../deploy/reverse-proxy.md#idle-connections)",
  SENDWRIGHT_DATABASE_URL: "[Several nodes](../guides/several-nodes.md)",
  SENDWRIGHT_SECRET: "[Security](../concepts/security.md#the-secret)",
  SENDWRIGHT_PREVIOUS_SECRETS: "[Change the secret](../deploy/change-the-secret.md)",
  SENDWRIGHT_PUBLIC_URL: "[Behind a proxy](../deploy/reverse-proxy.md)",
  SENDWRIGHT_SMTP_HOST: "[An SMTP config in the environment](../guides/smtp-config-in-the-environment.md)",
  SENDWRIGHT_SANDBOX_PORT: "[Test with the sandbox](../start/sandbox.md)",
  SENDWRIGHT_RECIPIENTS: "[Staging](../guides/staging.md)",
  SENDWRIGHT_MEMORY: "[Limits of the service](../concepts/limits.md)",
  SENDWRIGHT_QUEUE_LIMIT: "[Limits of the service](../concepts/limits.md)",
  SENDWRIGHT_MIN_FREE_DISK: "[Limits of the service](../concepts/limits.md)",
  SENDWRIGHT_EGRESS: "[Security](../concepts/security.md#where-sendwright-connects)",
  SENDWRIGHT_DNS_SERVERS: "[SPF, DKIM and DMARC](../guides/spf-dkim-dmarc.md#which-name-servers)",
};

/** What the one line of `--help` has no room for. */
const notes: Readonly<Record<string, string>> = {
  SENDWRIGHT_PORT: "0 takes a free port.",
  SENDWRIGHT_HOST: "`*` covers IPv6 and IPv4.",
  SENDWRIGHT_DATA_DIR: "The files are `sendwright.db` and `sendwright.key`.",
  SENDWRIGHT_DATABASE_URL:
    "The form is `postgres://…`, with user and password percent-encoded. Then `SENDWRIGHT_SECRET` is required.",
  SENDWRIGHT_API_KEY: "It has at least 32 characters.",
  SENDWRIGHT_PUBLIC_URL: "With `https` the session cookie is `Secure`.",
};

export function variablePage(): Page {
  return page("reference/variables.md", "src/core/environment.ts", "Environment variables", [
    "Sendwright starts without any variable. It then listens on 127.0.0.1, stores emails in `./data` and creates a key. If a value is wrong, nothing starts, and the error names every wrong variable. The log names variables that begin with `SENDWRIGHT_` and mean nothing.",
    "A secret may be in a file instead: set the name with `_FILE` at its end to the path of the file, such as `SENDWRIGHT_SECRET_FILE=/run/secrets/sendwright`. The file is UTF-8. A byte order mark at its beginning and one line break at its end are ignored.",
    ...documentedOptions.flatMap(({ env, doc, shown, secret }) => [
      `## ${env}`,
      [
        sentence(doc),
        ...(notes[env] === undefined ? [] : [notes[env]]),
        `Default: ${shown === undefined ? "none" : shown}.`,
        ...(secret ? [`In a file: ${code(`${env}_FILE`)}.`] : []),
        ...(more[env] === undefined ? [] : [`See ${more[env]}.`]),
      ].join(" "),
    ]),
    "Next: [command line](cli.md).",
  ]);
}
