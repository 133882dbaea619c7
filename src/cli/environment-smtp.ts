import type { ServerOptions } from "../core/environment.ts";
import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import { issuesOf } from "../core/parse.ts";
import { parseMailbox } from "../message/address.ts";
import { type SmtpConfigInput, smtpConfigCreate } from "../smtp-configs/settings.ts";

type SmtpOptions = Pick<
  ServerOptions,
  "smtpHost" | "smtpPort" | "smtpTls" | "smtpUsername" | "smtpPassword" | "smtpFrom"
>;

/** The variable that each setting comes from. */
const variables: Readonly<Record<string, string>> = {
  "/smtpServer": "SENDWRIGHT_SMTP_HOST",
  "/smtpPort": "SENDWRIGHT_SMTP_PORT",
  "/username": "SENDWRIGHT_SMTP_USERNAME",
  "/password": "SENDWRIGHT_SMTP_PASSWORD",
  "/fromEmail": "SENDWRIGHT_SMTP_FROM",
  "/fromName": "SENDWRIGHT_SMTP_FROM",
};

/**
 * The SMTP config that the environment sets, or undefined if it sets none.
 * @throws SendwrightError `input.invalid`, naming every variable that is missing or wrong.
 */
export function environmentSmtp(options: SmtpOptions): SmtpConfigInput | undefined {
  const { smtpHost, smtpPort = "587", smtpTls = "auto", smtpUsername, smtpPassword, smtpFrom } = options;
  const given = [smtpHost, options.smtpPort, options.smtpTls, smtpUsername, smtpPassword, smtpFrom];
  if (given.every((value) => value === undefined)) return undefined;
  const isOff = smtpTls === "off";
  const sender = senderOf(smtpFrom);
  const settings = {
    smtpServer: smtpHost,
    smtpPort: /^\d+$/.test(smtpPort) ? Number(smtpPort) : smtpPort,
    useTls: !isOff,
    tlsMode: isOff ? "auto" : smtpTls,
    username: smtpUsername ?? null,
    password: smtpPassword ?? null,
    fromEmail: sender.address,
    fromName: sender.name,
  };
  const result = smtpConfigCreate.safeParse(settings);
  const issues = result.success ? [] : issuesOf(result.error.issues, settings);
  if (sender.fault !== null) issues.push({ pointer: "/fromEmail", detail: sender.fault });
  if (smtpUsername !== undefined && smtpPassword === undefined) {
    issues.push({ pointer: "/password", detail: "is required: SENDWRIGHT_SMTP_USERNAME is set" });
  }
  if (issues.length === 0) return settings as SmtpConfigInput;
  const lines = issues.map(({ pointer, detail }) => `${variables[pointer] ?? pointer} ${detail}`);
  throw new SendwrightError("input.invalid", [...new Set(lines)].join("\n"), { issues });
}

interface Sender {
  readonly address: string | undefined;
  readonly name: string | null;
  /** What is wrong with it, or null. */
  readonly fault: string | null;
}

/** The address and the name of a sender, such as `Example Shop <shop@example.com>`. */
export function senderOf(text: string | undefined): Sender {
  if (text === undefined) return { address: undefined, name: null, fault: null };
  try {
    return { ...parseMailbox(text), fault: null };
  } catch (error) {
    if (!isSendwrightError(error, "address.invalid")) throw error;
    // An address in its place keeps the config's own rules from judging name and address as one.
    return { address: "sender@example.invalid", name: null, fault: `can't be used: ${error.message}` };
  }
}
