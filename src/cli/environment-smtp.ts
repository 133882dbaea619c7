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
  const sender = smtpFrom === undefined ? { address: undefined, name: null } : senderOf(smtpFrom);
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
  const issues = result.success ? [] : issuesOf(result.error.issues);
  if (smtpUsername !== undefined && smtpPassword === undefined) {
    issues.push({ pointer: "/password", detail: "is required: SENDWRIGHT_SMTP_USERNAME is set" });
  }
  if (issues.length === 0) return settings as SmtpConfigInput;
  const lines = issues.map(({ pointer, detail }) => `${variables[pointer] ?? pointer} ${detail}`);
  throw new SendwrightError("input.invalid", [...new Set(lines)].join("\n"), { issues });
}

/** What cannot be read is left as it is: the config's own rules say what is wrong with it. */
function senderOf(text: string): { readonly address: string; readonly name: string | null } {
  try {
    return parseMailbox(text);
  } catch (error) {
    if (!isSendwrightError(error, "address.invalid")) throw error;
    return { address: text, name: null };
  }
}
