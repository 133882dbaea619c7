import type { AuthMethod, TlsMode } from "../../api/model.ts";
import type { SmtpConfig, SmtpConfigDraft } from "../../api/types.ts";
import { typedNumber } from "../../parts/typed-number.ts";
import type { ConfigBody } from "../api.ts";

/** The form's fields as their inputs hold them; the password is apart (password.ts). */
export interface SmtpForm {
  readonly name: string;
  readonly enabled: boolean;
  readonly smtpServer: string;
  readonly smtpPort: string;
  readonly useTls: boolean;
  readonly tlsMode: TlsMode;
  readonly username: string;
  readonly authMethod: AuthMethod;
  readonly allowCleartextAuth: boolean;
  readonly fromEmail: string;
  readonly fromName: string;
  readonly replyTo: string;
  readonly ehloName: string;
  readonly caPem: string;
  readonly maxConnections: string;
  readonly maxPerSecond: string;
  readonly maxPerMinute: string;
  readonly maxPerHour: string;
  readonly maxPerDay: string;
  readonly maxRecipientsPerDay: string;
  /** One on each line. */
  readonly senders: string;
  readonly bcc: string;
}

/** The fields of the limits that a provider may have, in the order of their windows. */
export const limitFields = [
  "maxPerSecond",
  "maxPerMinute",
  "maxPerHour",
  "maxPerDay",
  "maxRecipientsPerDay",
] as const;
export type LimitField = (typeof limitFields)[number];

export const emptyForm: SmtpForm = {
  name: "",
  enabled: true,
  smtpServer: "",
  smtpPort: "587",
  useTls: true,
  tlsMode: "auto",
  username: "",
  authMethod: "auto",
  allowCleartextAuth: false,
  fromEmail: "",
  fromName: "",
  replyTo: "",
  ehloName: "",
  caPem: "",
  maxConnections: "5",
  maxPerSecond: "",
  maxPerMinute: "",
  maxPerHour: "",
  maxPerDay: "",
  maxRecipientsPerDay: "",
  senders: "",
  bcc: "",
};

export const formFields = [...(Object.keys(emptyForm) as (keyof SmtpForm)[]), "password"] as const;
export type FormField = (typeof formFields)[number];

/** Fields under "Advanced": a fault in one of them opens it. */
export const advancedFields: readonly FormField[] = [
  "name",
  "enabled",
  "replyTo",
  "ehloName",
  "caPem",
  "authMethod",
  "allowCleartextAuth",
  "maxConnections",
  ...limitFields,
  "senders",
  "bcc",
];

/** A draft says nothing of being used: that is the config's. */
export function formOf(config: SmtpConfigDraft & Pick<SmtpConfig, "enabled">): SmtpForm {
  return {
    // A config that was given no name carries its server's; that one follows the server.
    name: config.name === config.smtpServer ? "" : config.name,
    enabled: config.enabled,
    smtpServer: config.smtpServer,
    smtpPort: String(config.smtpPort),
    useTls: config.useTls,
    tlsMode: config.tlsMode,
    username: config.username ?? "",
    authMethod: config.authMethod,
    allowCleartextAuth: config.allowCleartextAuth,
    fromEmail: config.fromEmail,
    fromName: config.fromName ?? "",
    replyTo: config.replyTo ?? "",
    ehloName: config.ehloName ?? "",
    caPem: config.caPem ?? "",
    maxConnections: String(config.maxConnections),
    maxPerSecond: limitText(config.maxPerSecond),
    maxPerMinute: limitText(config.maxPerMinute),
    maxPerHour: limitText(config.maxPerHour),
    maxPerDay: limitText(config.maxPerDay),
    maxRecipientsPerDay: limitText(config.maxRecipientsPerDay),
    senders: config.senders.join("\n"),
    bcc: config.bcc ?? "",
  };
}

/** The body for the API. What is no number goes as it was typed: the server says what is wrong with it. */
export function bodyOf(form: SmtpForm): Omit<ConfigBody, "password"> {
  return {
    name: textOrNull(form.name),
    enabled: form.enabled,
    smtpServer: form.smtpServer.trim(),
    smtpPort: typedNumber(form.smtpPort),
    useTls: form.useTls,
    tlsMode: form.tlsMode,
    username: textOrNull(form.username),
    authMethod: form.authMethod,
    allowCleartextAuth: form.allowCleartextAuth,
    fromEmail: form.fromEmail.trim(),
    fromName: textOrNull(form.fromName),
    replyTo: textOrNull(form.replyTo),
    ehloName: textOrNull(form.ehloName),
    caPem: textOrNull(form.caPem),
    maxConnections: typedNumber(form.maxConnections),
    maxPerSecond: limitOrNull(form.maxPerSecond),
    maxPerMinute: limitOrNull(form.maxPerMinute),
    maxPerHour: limitOrNull(form.maxPerHour),
    maxPerDay: limitOrNull(form.maxPerDay),
    maxRecipientsPerDay: limitOrNull(form.maxRecipientsPerDay),
    senders: form.senders.split(/[\n,;]/).flatMap((sender) => textOrNull(sender) ?? []),
    bcc: textOrNull(form.bcc),
  };
}

export function sameForm(one: SmtpForm, two: SmtpForm): boolean {
  return (Object.keys(one) as (keyof SmtpForm)[]).every((field) => one[field] === two[field]);
}

/** Puts proposed settings into the form, such as the fix for a failed stage; what it has no field for is left. */
export function withFix(form: SmtpForm, fix: Readonly<Record<string, unknown>>): SmtpForm {
  const known = Object.entries(fix).flatMap(([field, value]) => {
    const current: unknown = Object.entries(form).find(([name]) => name === field)?.[1];
    if (typeof current === "boolean") return typeof value === "boolean" ? [[field, value]] : [];
    if (typeof current === "string") return [[field, value === null ? "" : String(value)]];
    return [];
  });
  return { ...form, ...Object.fromEntries(known) };
}

/** A limit as its field holds it. */
export function limitText(limit: number | null): string {
  return limit === null ? "" : String(limit);
}

function limitOrNull(value: string): number | null {
  return value.trim() === "" ? null : typedNumber(value);
}

function textOrNull(value: string): string | null {
  const trimmed = value.trim();
  return trimmed === "" ? null : trimmed;
}
