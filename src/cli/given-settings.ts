import { systemClock } from "../core/clock.ts";
import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import { tlsModes } from "../core/model.ts";
import { parse } from "../core/parse.ts";
import { readTextFile } from "../core/text-file.ts";
import { probe } from "../diagnosis/probe.ts";
import type { TestReport, TestWatcher } from "../diagnosis/report.ts";
import type { RecipientGuard } from "../guard/recipient-guard.ts";
import type { Egress } from "../net/egress.ts";
import { resolveSettings } from "../smtp-configs/open.ts";
import { smtpConfigDraft } from "../smtp-configs/settings.ts";
import { LoadedTemplates } from "../templates/engine/templates.ts";
import { senderOf } from "./environment-smtp.ts";
import { askPassword, readFirstLine } from "./password.ts";
import type { TestedRelay } from "./test-printer.ts";

/** Settings as options of `sendwright test`. The password is none: every process of the machine can read options. */
export interface GivenSettings {
  readonly server?: string;
  readonly port?: string;
  readonly tls?: string;
  readonly username?: string;
  readonly passwordStdin?: boolean;
  readonly from?: string;
  readonly allowCleartextAuth?: boolean;
  readonly caFile?: string;
  readonly sendTo?: string;
}

const options: Readonly<Record<string, string>> = {
  "/smtpServer": "--server",
  "/smtpPort": "--port",
  "/tlsMode": "--tls",
  "/username": "--username",
  "/password": "The password",
  "/fromEmail": "--from",
  "/caPem": "--ca-file",
  "/sendTo": "--send-to",
};

/** The option that a field of the config comes from. */
export function optionOf(pointer: string): string {
  return options[pointer] ?? pointer;
}

export interface GivenTest {
  readonly relay: TestedRelay;
  run(watcher: TestWatcher): Promise<TestReport>;
}

/**
 * A test of settings that are not saved: the same rules and the same probe as of the form, and no database.
 * Asks for the password where there is a username.
 * @throws SendwrightError `input.invalid`, and the reason of `signal`
 */
export async function testGiven(
  given: GivenSettings,
  { egress, guard }: { readonly egress: Egress; readonly guard: RecipientGuard },
  signal: AbortSignal,
): Promise<GivenTest> {
  // Everything else is judged before somebody types a password in vain.
  parse(smtpConfigDraft, formOf(given, null));
  const password = await passwordFor(given, signal);
  const { sendTo, password: checked, ...settings } = parse(smtpConfigDraft, formOf(given, password));
  const config = resolveSettings({ ...settings, name: settings.smtpServer }, checked);
  const { host, port, tls } = config.relay;
  return {
    relay: { name: null, host, port, tls, sendTo },
    run: (watcher) =>
      probe(config, {
        guard,
        egress,
        clock: systemClock,
        templates: new LoadedTemplates(),
        sendTo,
        signal,
        ...watcher,
      }),
  };
}

function formOf(given: GivenSettings, password: string | null): object {
  const { server, username, from, allowCleartextAuth = false, caFile, sendTo } = given;
  const tls = tlsChoices.find((choice) => choice === (given.tls ?? "auto"));
  if (tls === undefined) {
    throw new SendwrightError("input.invalid", `--tls must be one of ${tlsChoices.join(", ")}.`);
  }
  // Most usernames are addresses, and then it is whom the relay lets one send as.
  const sender = senderOf(from);
  if (sender.fault !== null) throw new SendwrightError("input.invalid", `--from ${sender.fault}`);
  const fromEmail = sender.address ?? (username?.includes("@") ? username : undefined);
  if (fromEmail === undefined) {
    throw new SendwrightError(
      "input.invalid",
      "--from is required: the test asks the SMTP server to accept this sender.",
    );
  }
  return {
    smtpServer: server,
    smtpPort: Number(given.port ?? (tls === "implicit" ? 465 : 587)),
    ...(tls === "off" ? { useTls: false } : { tlsMode: tls }),
    username: username ?? null,
    password,
    fromEmail,
    fromName: sender.name,
    allowCleartextAuth,
    caPem: caFile === undefined ? null : readCaFile(caFile),
    sendTo: sendTo ?? null,
  };
}

const tlsChoices = [...tlsModes, "off"] as const;

function readCaFile(file: string): string {
  try {
    return readTextFile(file);
  } catch (cause) {
    if (isSendwrightError(cause) && cause.cause === undefined) throw cause;
    throw new SendwrightError("input.invalid", `--ca-file names a file that can't be read: ${file}`, {
      cause,
    });
  }
}

async function passwordFor(
  { username, passwordStdin = false }: GivenSettings,
  signal: AbortSignal,
): Promise<string | null> {
  const { stdin, stderr } = process;
  if (username === undefined) {
    if (!passwordStdin) return null;
    throw new SendwrightError("input.invalid", "--password-stdin requires --username.");
  }
  if (passwordStdin) return readFirstLine(stdin);
  if (!stdin.isTTY) {
    throw new SendwrightError(
      "input.invalid",
      "A password prompt needs a terminal. Pipe the password to standard input and use --password-stdin.",
    );
  }
  const password = await askPassword(
    `Password for ${username}: `,
    stdin,
    // Standard output is for the report.
    (text) => stderr.write(text),
    () => process.kill(process.pid, "SIGINT"),
    signal,
  );
  if (password === "") throw new SendwrightError("input.invalid", "No password was entered.");
  return password;
}
