import { z } from "zod";
import { isSendwrightError } from "../core/errors.ts";
import { type AuthMethod, authMethods, passwordMask, tlsModes } from "../core/model.ts";
import { parseAddress } from "../message/address.ts";
import { normaliseEhloName, normaliseHost } from "../net/host.ts";
import { normaliseCaPem } from "./ca-pem.ts";

/** What to do with the saved password. */
export type PasswordChange =
  | { readonly kind: "keep" }
  | { readonly kind: "remove" }
  | { readonly kind: "set"; readonly password: string };

/** What GET adds to the settings: accepted in PUT, so that a body can be sent back, and ignored. */
const readOnly = z.unknown().optional();
const readOnlyFields = {
  id: readOnly,
  createdAt: readOnly,
  updatedAt: readOnly,
  updatedBy: readOnly,
  lastTest: readOnly,
  lastCheck: readOnly,
  pausedUntil: readOnly,
  pausedReason: readOnly,
  breaker: readOnly,
  problem: readOnly,
  managedBy: readOnly,
  returnTo: readOnly,
  oauth: readOnly,
  usage: readOnly,
};

function text(max: number) {
  return z
    .string({ error: (issue) => (issue.input === undefined ? "is required" : "must be text") })
    .max(max, `must have at most ${max} characters`)
    .refine((value) => !/\p{Cc}/u.test(value) && value.isWellFormed(), {
      error: "must not contain line breaks or other control characters",
    });
}

/** Text that may be left out, null or empty: all three mean that there is none. */
function optionalText(max: number) {
  return text(max)
    .nullable()
    .default(null)
    .transform((value) => (value === "" ? null : value));
}

/** A step that turns text into its normal form, or says what is wrong with it. */
function normalised(normalise: (value: string) => string | null, error: string) {
  return (value: string, context: z.RefinementCtx): string => {
    const normal = normalise(value);
    if (normal !== null) return normal;
    context.addIssue({ code: "custom", message: error });
    return z.NEVER;
  };
}

function optionally<T>(step: (value: string, context: z.RefinementCtx) => T) {
  return (value: string | null, context: z.RefinementCtx): T | null =>
    value === null ? null : step(value, context);
}

function wholeNumber(min: number, max: number) {
  const error = (issue: { input?: unknown }) =>
    issue.input === undefined ? "is required" : `must be a whole number from ${min} to ${max}`;
  // Abort: what is no whole number is told of once.
  return z.int({ error, abort: true }).min(min, { error }).max(max, { error });
}

function flag(value: boolean) {
  return z.boolean("must be true or false").default(value);
}

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, `must be one of ${values.join(", ")}`);
}

const address = (value: string, context: z.RefinementCtx): string => {
  try {
    return parseAddress(value).address;
  } catch (error) {
    if (!isSendwrightError(error, "address.invalid")) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
};

/** More would make each claim of emails slow. */
const maxSenders = 100;

/** An address, or `@domain` for every address of a domain; in lower case. */
const senderPattern = (value: string, context: z.RefinementCtx): string => {
  const isDomain = value.startsWith("@");
  const given = address(isDomain ? `any${value}` : value, context);
  if (typeof given !== "string") return given;
  return (isDomain ? given.slice("any".length) : given).toLowerCase();
};

const host = z
  .string({ error: (issue) => (issue.input === undefined ? "is required" : "must be text") })
  .refine((value) => normaliseHost(value) !== null, {
    error: "must be a host name or an IP address, such as smtp.example.com, without scheme, port or path",
  });

const settings = {
  /** Null: the name of the server. */
  name: optionalText(100),
  /** Lower is tried first. Left out: last at creation, unchanged otherwise. */
  position: wholeNumber(0, 1_000_000).optional(),
  enabled: flag(true),
  smtpServer: host,
  smtpPort: wholeNumber(1, 65_535),
  useTls: flag(true),
  tlsMode: oneOf(tlsModes).default("auto"),
  /** Without blanks at its ends, which come with pasted text: no provider has such usernames. */
  username: optionalText(320).transform((value) => value?.trim() || null),
  authMethod: oneOf(authMethods).default("auto"),
  allowCleartextAuth: flag(false),
  fromEmail: text(320).transform(address),
  fromName: optionalText(200),
  replyTo: optionalText(320).transform(optionally(address)),
  ehloName: optionalText(255).transform(
    optionally(
      normalised(
        normaliseEhloName,
        "must be a domain such as app.example.com, or an address literal such as [192.0.2.1]",
      ),
    ),
  ),
  caPem: z
    .string("must be text")
    .max(262_144, "must have at most 262144 characters")
    .nullable()
    .default(null)
    .transform((value) => (value === "" ? null : value))
    .transform(optionally(normalised(normaliseCaPem, "must be PEM certificates only"))),
  maxConnections: wholeNumber(1, 100).default(5),
  /** Messages per second; null is unlimited. */
  maxPerSecond: wholeNumber(1, 10_000).nullable().default(null),
  /** Emails in any minute, hour and 24 hours, and recipients in any 24 hours; null is unlimited. */
  maxPerMinute: wholeNumber(1, 1_000_000).nullable().default(null),
  maxPerHour: wholeNumber(1, 10_000_000).nullable().default(null),
  maxPerDay: wholeNumber(1, 100_000_000).nullable().default(null),
  maxRecipientsPerDay: wholeNumber(1, 100_000_000).nullable().default(null),
  /** Senders that it may use beside `fromEmail`: addresses, and `@domain` for all of a domain. */
  senders: z
    .array(text(320).transform(senderPattern), "must be a list of addresses and domains")
    .max(maxSenders, `must have at most ${maxSenders} entries`)
    .default([])
    .transform((senders) => [...new Set(senders)]),
  /** Who gets a copy of each email that is sent through it. */
  bcc: optionalText(320).transform(optionally(address)),
};

/** Whose mail goes through which server: what the DNS of the sender's domain is judged by. */
export const smtpConfigSender = z.strictObject({
  fromEmail: settings.fromEmail,
  smtpServer: settings.smtpServer,
});

/** For whom settings are looked for. */
export const smtpConfigSearch = z.strictObject({ email: settings.fromEmail });

const password = z
  .string("must be text or null")
  .max(8192, "must have at most 8192 characters")
  // SASL has no way to say NUL (RFC 4616 §2); line breaks come from copying and never from a relay.
  .refine((value) => !/[\r\n\0]/.test(value) && value.isWellFormed(), {
    error: "must not contain line breaks or NUL",
  });

/** Nothing is saved yet that the mask could stand for. */
const newPassword = password
  .refine((value) => value !== passwordMask, {
    error: "is the mask, but no password is saved; enter the password",
  })
  .nullable()
  .default(null)
  .transform((value) => (value === "" ? null : value));

const passwordChoice = `${passwordMask} keeps the saved password, null removes it, other text replaces it`;

const passwordChange = z
  .union([z.null(), password.min(1, `must not be empty: ${passwordChoice}`)], {
    error: (issue) => (issue.input === undefined ? `is required: ${passwordChoice}` : "must be text or null"),
  })
  .transform((value): PasswordChange => {
    if (value === null) return { kind: "remove" };
    return value === passwordMask ? { kind: "keep" } : { kind: "set", password: value };
  });

const notAnObject = "must be an object";

/** Named even if other fields are wrong too: every problem of a body is shown at once. */
const usernameMissing = {
  path: ["password"],
  error: "requires a username; enter one or leave the password out",
  when: () => true,
};

function passwordHasUsername(value?: { username: string | null; password: string | null }): boolean {
  return !(value?.username === null && typeof value.password === "string");
}

function newPasswordHasUsername(value?: { username: string | null; password: PasswordChange }): boolean {
  return !(value?.username === null && value.password?.kind === "set");
}

/** With OAuth the username is the mailbox, and no password is there to be kept or sent. */
const oauthNeedsUsername = {
  path: ["username"],
  error: "is required for the authentication method oauth: enter the address of the mailbox",
  when: () => true,
};
const oauthHasNoPassword = {
  path: ["password"],
  error: "must be null for the authentication method oauth",
  when: () => true,
};

function isOauthWithUsername(value?: { authMethod: AuthMethod; username: string | null }): boolean {
  return !(value?.authMethod === "oauth" && value.username === null);
}

function isOauthWithoutPassword(value?: {
  authMethod: AuthMethod;
  password: string | PasswordChange | null;
}): boolean {
  if (value?.authMethod !== "oauth") return true;
  const { password } = value;
  return password == null || (typeof password === "object" && password.kind === "remove");
}

const created = { ...settings, password: newPassword };
const edited = { ...settings, ...readOnlyFields, password: passwordChange };
/** To whom a test sends a real email; null or left out: it stops before the message. */
const sendTo = optionalText(320).transform(optionally(address));

/** A new config: `smtpServer`, `smtpPort` and `fromEmail` are required. */
export const smtpConfigCreate = z
  .strictObject(created, notAnObject)
  .refine(passwordHasUsername, usernameMissing)
  .refine(isOauthWithUsername, oauthNeedsUsername)
  .refine(isOauthWithoutPassword, oauthHasNoPassword);

/** A new config as a request has it. */
export const smtpConfigCreateRequest = z
  .strictObject({ ...created, takeOverFromSandbox: flag(false) }, notAnObject)
  .refine(passwordHasUsername, usernameMissing)
  .refine(isOauthWithUsername, oauthNeedsUsername)
  .refine(isOauthWithoutPassword, oauthHasNoPassword);

/** The whole config anew; what is left out gets its default. `version` is that of the GET. */
export const smtpConfigUpdate = z
  .strictObject({ ...edited, version: wholeNumber(1, Number.MAX_SAFE_INTEGER) }, notAnObject)
  .refine(newPasswordHasUsername, usernameMissing)
  .refine(isOauthWithUsername, oauthNeedsUsername)
  .refine(isOauthWithoutPassword, oauthHasNoPassword)
  .transform(withoutReadOnly);

/** An unsaved config, to be tested. */
export const smtpConfigDraft = z
  .strictObject({ ...created, sendTo }, notAnObject)
  .refine(passwordHasUsername, usernameMissing)
  .refine(isOauthWithUsername, oauthNeedsUsername)
  .refine(isOauthWithoutPassword, oauthHasNoPassword);

/** A saved config as edited in the form, to be tested before it is saved. */
export const smtpConfigEdited = z
  .strictObject({ ...edited, version: readOnly, sendTo }, notAnObject)
  .refine(newPasswordHasUsername, usernameMissing)
  .refine(isOauthWithUsername, oauthNeedsUsername)
  .refine(isOauthWithoutPassword, oauthHasNoPassword)
  .transform(withoutReadOnly);

/** A saved config, to be tested as it is. */
export const smtpConfigTest = z.strictObject({ sendTo }, notAnObject);

/** All configs, in the order in which they are to be tried. */
export const smtpConfigOrder = z.strictObject(
  { ids: z.array(z.string("must be text"), "must be a list of IDs").max(1000, "must have at most 1000 IDs") },
  notAnObject,
);

function withoutReadOnly<Input extends { [Name in keyof typeof readOnlyFields]?: unknown }>(
  input: Input,
): Omit<Input, keyof typeof readOnlyFields> {
  const {
    id,
    createdAt,
    updatedAt,
    updatedBy,
    lastTest,
    lastCheck,
    pausedUntil,
    pausedReason,
    breaker,
    problem,
    managedBy,
    returnTo,
    oauth,
    usage,
    ...kept
  } = input;
  return kept;
}

/** As a caller writes a new config. */
export type SmtpConfigInput = z.input<typeof smtpConfigCreate>;
/** The settings as a form has them: name and position may be left out. */
export type SettingsForm = Readonly<Omit<z.output<typeof smtpConfigCreate>, "password">>;
export type SmtpConfigCreate = SettingsForm & { readonly password: string | null };
export type SmtpConfigUpdate = SmtpConfigEdited & { readonly version: number };
export type SmtpConfigEdited = SettingsForm & { readonly password: PasswordChange };

/** The form with the name that it gets where it has none: that of the server. */
export function withName(form: SettingsForm): SettingsForm & { readonly name: string } {
  return { ...form, name: form.name ?? form.smtpServer };
}
