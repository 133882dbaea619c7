import { readFileSync } from "node:fs";
import { z } from "zod";
import { databaseAddressRule, isDatabaseAddress } from "./database-address.ts";
import { dnsServer } from "./dns-server.ts";
import { type Issue, isSendwrightError, SendwrightError } from "./errors.ts";
import { givenVariables } from "./given-variables.ts";
import { logLevels } from "./log.ts";
import { egressModes, tlsModes } from "./model.ts";
import { decodeText } from "./text-file.ts";
import { fieldError } from "./zod-words.ts";

/** One option: its name in the environment, what it takes, and what to tell people about it. */
interface Option<Value> {
  readonly env: string;
  /** From the text of the environment; undefined where it is not set. */
  readonly schema: z.ZodType<Value, string | undefined>;
  /** Shown by `--help` and in the documentation. */
  readonly doc: string;
  /** The default as shown to people. */
  readonly shown?: string;
  /** The value may stand in a file that `<env>_FILE` names. */
  readonly secret?: true;
}

function option<Value>(
  env: string,
  schema: z.ZodType<Value, string | undefined>,
  doc: string,
  rest = {},
): Option<Value> {
  return { env, schema, doc, ...rest };
}

const port = (fallback: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, "must be a whole number from 0 to 65535")
    .transform(Number)
    .refine((value) => value <= 65_535, "must be a whole number from 0 to 65535")
    .default(fallback);
const filled = z.string().min(1, "is empty: set a value or unset it");
const text = filled.optional();

/** `[::]` as in URLs is `::`; `*` stays, and is every address of the machine. */
const listenHost = filled
  .transform((host) => host.replace(/^\[(.*)\]$/, "$1"))
  .refine(
    // A link-local address has a zone (RFC 4007 §11).
    (host) => /^(?:\*|[\w.-]+)$/.test(host) || z.ipv6().safeParse(host.replace(/%[\w.-]+$/, "")).success,
    "must be an address or host name of this machine, such as 127.0.0.1, 0.0.0.0 or ::; set the port with SENDWRIGHT_PORT",
  )
  .default("127.0.0.1");

const units = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const;

/** Bytes. A number without a unit is megabytes. @param least in bytes */
const size = (fallback: number, least: number) =>
  z
    .string()
    .regex(/^\d{1,9}(?:\.\d{1,3})? *(?:[KMGT]?B)?$/i, "must be a size such as 256, 256MB or 1.5GB")
    .transform((value) => {
      const unit = /[A-Z]+$/i.exec(value)?.[0].toUpperCase() ?? "MB";
      return Math.round(Number.parseFloat(value) * units[unit as keyof typeof units]);
    })
    .refine((bytes) => bytes >= least, `must be ${least / 1e6}MB or more`)
    .default(fallback);

/** Every option of the stand-alone server, once. */
const table = {
  port: option("SENDWRIGHT_PORT", port(4650), "Port for the pages and the API", { shown: "4650" }),
  host: option("SENDWRIGHT_HOST", listenHost, "Address to listen on; * for all addresses", {
    shown: "127.0.0.1",
  }),
  keepAlive: option(
    "SENDWRIGHT_KEEP_ALIVE",
    z
      .string()
      .regex(/^[1-9]\d{0,3}$/, "must be a whole number of seconds from 1 to 3600")
      .transform(Number)
      .refine((seconds) => seconds <= 3_600, "must be a whole number of seconds from 1 to 3600")
      .default(65),
    "Seconds an idle HTTP connection stays open; set it longer than your load balancer's timeout",
    { shown: "65" },
  ),
  dataDir: option(
    "SENDWRIGHT_DATA_DIR",
    filled.default("./data"),
    "Directory for the database and the generated key",
    {
      shown: "./data",
    },
  ),
  databaseUrl: option(
    "SENDWRIGHT_DATABASE_URL",
    z.string().refine(isDatabaseAddress, databaseAddressRule).optional(),
    "PostgreSQL database, which several nodes can share, instead of the SQLite file",
    { shown: "SQLite in the data directory", secret: true },
  ),
  secret: option(
    "SENDWRIGHT_SECRET",
    text,
    "Secret that encrypts stored passwords; create one with sendwright generate-secret",
    {
      shown: "a key file created in the data directory",
      secret: true,
    },
  ),
  previousSecrets: option(
    "SENDWRIGHT_PREVIOUS_SECRETS",
    z
      .string()
      .transform((list) =>
        list
          .split(/[,\n]/)
          .map((part) => part.trim())
          .filter((part) => part !== ""),
      )
      .default([]),
    "Earlier secrets for decryption, separated by commas or lines; needed until `sendwright rotate` is done",
    { secret: true },
  ),
  publicUrl: option(
    "SENDWRIGHT_PUBLIC_URL",
    z.url({ protocol: /^https?$/, error: "must be a URL such as https://mail.example.com" }).optional(),
    "Public URL, used to build links; include the path if a proxy adds one",
    { shown: "http://127.0.0.1:4650" },
  ),
  adminEmail: option(
    "SENDWRIGHT_ADMIN_EMAIL",
    text,
    "Email of the first admin; set it with the password below to create the admin without a link",
  ),
  adminPassword: option("SENDWRIGHT_ADMIN_PASSWORD", text, "Password of the first admin", { secret: true }),
  apiKey: option(
    "SENDWRIGHT_API_KEY",
    z.string().min(32, "must have 32 characters or more").optional(),
    "API key with scope admin, for automation",
    {
      secret: true,
    },
  ),
  smtpHost: option(
    "SENDWRIGHT_SMTP_HOST",
    text,
    "SMTP server set by the environment: used first, never stored, read-only on the pages",
  ),
  smtpPort: option("SENDWRIGHT_SMTP_PORT", text, "Port of the SMTP server", { shown: "587" }),
  smtpTls: option(
    "SENDWRIGHT_SMTP_TLS",
    z.enum([...tlsModes, "off"]).optional(),
    `TLS mode: ${tlsModes.join(", ")} or off`,
    { shown: "auto" },
  ),
  smtpUsername: option(
    "SENDWRIGHT_SMTP_USERNAME",
    text,
    "Username; leave unset to send without authentication",
  ),
  smtpPassword: option("SENDWRIGHT_SMTP_PASSWORD", text, "Password of the username", { secret: true }),
  smtpFrom: option(
    "SENDWRIGHT_SMTP_FROM",
    text,
    "Sender, such as shop@example.com or Example Shop <shop@example.com>",
  ),
  sandboxPort: option("SENDWRIGHT_SANDBOX_PORT", port(4651), "Port of the sandbox; 0 turns it off", {
    shown: "4651",
  }),
  recipients: option(
    "SENDWRIGHT_RECIPIENTS",
    z
      .string()
      .regex(/^(?:all|capture|(?:only|redirect):.*)$/s, "must be all, only:…, redirect:… or capture")
      .default("all"),
    "Allowed recipients: all, only:@acme.test,qa@acme.test, redirect:qa@acme.test, or capture (into the sandbox)",
    { shown: "all" },
  ),
  memory: option(
    "SENDWRIGHT_MEMORY",
    size(256e6, 16e6),
    "Memory for email content, in MB or with a unit; beyond it, large requests get 503",
    { shown: "256MB" },
  ),
  queueLimit: option(
    "SENDWRIGHT_QUEUE_LIMIT",
    z
      .string()
      .regex(/^[1-9]\d{0,11}$/, "must be a whole number of 1 or more")
      .transform(Number)
      .default(1_000_000),
    "Maximum queued emails; beyond it, new emails get 503",
    { shown: "1000000" },
  ),
  minFreeDisk: option(
    "SENDWRIGHT_MIN_FREE_DISK",
    size(256e6, 0),
    "Minimum free disk space, in MB or with a unit; below it, new emails get 503. 0 turns it off. SQLite only",
    { shown: "256MB" },
  ),
  egress: option(
    "SENDWRIGHT_EGRESS",
    z.enum(egressModes).default("default"),
    "`default`, or `public-only` to block private addresses and unusual ports in SMTP configs",
    { shown: "default" },
  ),
  dnsServers: option(
    "SENDWRIGHT_DNS_SERVERS",
    z
      .string()
      .transform((list) => list.split(",").map((part) => part.trim()))
      .pipe(z.array(dnsServer))
      .optional(),
    "DNS servers for sender domains: `address` or `address:port`, separated by commas",
    { shown: "the system's DNS servers" },
  ),
  logLevel: option(
    "SENDWRIGHT_LOG_LEVEL",
    z.enum(logLevels).default("info"),
    `Log level: ${logLevels.join(", ")}`,
    { shown: "info" },
  ),
} as const;

export type ServerOptions = {
  readonly [Name in keyof typeof table]: (typeof table)[Name] extends Option<infer Value> ? Value : never;
};

/** For `--help` and the documentation. */
export const documentedOptions: readonly {
  name: keyof ServerOptions;
  env: string;
  doc: string;
  shown: string | undefined;
  secret: boolean;
}[] = Object.entries<Option<unknown>>(table).map(([name, { env, doc, shown, secret }]) => ({
  name: name as keyof ServerOptions,
  env,
  doc,
  shown,
  secret: secret === true,
}));

export interface Environment {
  readonly options: ServerOptions;
  /** SENDWRIGHT_ variables that mean nothing: probably mistyped. */
  readonly unknown: readonly string[];
  /** SENDWRIGHT_ variables that Kubernetes sets for services of such a name. They are ignored. */
  readonly serviceLinks: readonly string[];
}

/**
 * Reads the environment, the only place that does. A secret may stand in the file named by
 * `<NAME>_FILE` instead; a line end at its end is not part of it.
 * @throws SendwrightError `input.invalid`, naming every wrong variable at once.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const issues: Issue[] = [];
  const known = new Set<string>();
  const { given, serviceLinks } = givenVariables(env);
  const entries = Object.entries<Option<unknown>>(table).map(([name, { env: variable, schema, secret }]) => {
    known.add(variable);
    if (secret === true) known.add(`${variable}_FILE`);
    try {
      const text = secret === true ? readSecret(given, variable) : given[variable];
      const result = schema.safeParse(text);
      if (result.success) return [name, result.data];
      issues.push({
        pointer: variable,
        detail: result.error.issues.map((issue) => fieldError(issue, text)).join(", "),
      });
    } catch (error) {
      if (!(error instanceof SendwrightError)) throw error;
      issues.push(...error.issues);
    }
    return [name, undefined];
  });
  if (issues.length > 0) {
    const lines = issues.map(({ pointer, detail }) => `${pointer} ${detail}`);
    throw new SendwrightError("input.invalid", lines.join("\n"), { issues });
  }
  return {
    options: Object.fromEntries(entries) as ServerOptions,
    unknown: Object.keys(given).filter((name) => !known.has(name)),
    serviceLinks,
  };
}

function readSecret(env: Readonly<Record<string, string | undefined>>, variable: string): string | undefined {
  const file = env[`${variable}_FILE`];
  if (file === undefined) return env[variable];
  const wrong = (detail: string, cause?: unknown) =>
    new SendwrightError("input.invalid", detail, {
      issues: [{ pointer: `${variable}_FILE`, detail }],
      cause,
    });
  if (env[variable] !== undefined) throw wrong(`and ${variable} are both set: unset one of them`);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw wrong(`names a file that can't be read: ${file}`, cause);
  }
  try {
    return decodeText(bytes).replace(/(?:\r\n?|\n)$/, "");
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    throw wrong(`names a file that ${error.message}: ${file}`);
  }
}
