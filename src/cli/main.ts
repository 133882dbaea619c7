// The command line: start, test, doctor, rotate, templates and the links for admins.
// The options are those of core/environment.ts, which help and documentation also read.
// It repairs nothing: doctor examines, and says what to do.
import { Command } from "commander";
import {
  documentedOptions,
  type Environment,
  readEnvironment,
  type ServerOptions,
} from "../core/environment.ts";
import { isSendwrightError } from "../core/errors.ts";
import type { DoctorFlags } from "./commands/doctor.ts";
import type { TestFlags } from "./commands/test.ts";
import { addTemplateCommands } from "./template-commands.ts";
import { version } from "./version.ts";

/** The command line. Commands are loaded when they are run, so that each starts quickly. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command("sendwright")
    .description(
      "Outgoing email for your application: SMTP settings, encrypted credentials, durable sending.",
    )
    .version(version())
    .addHelpText("after", `\nEnvironment variables:\n${environmentHelp()}`);

  program
    .command("start", { isDefault: true })
    .description("start the server: pages, API and delivery (default)")
    .action(() =>
      run(async (_options, environment) => (await import("./commands/start.ts")).startCommand(environment)),
    );
  program
    .command("test")
    .description("test an SMTP config step by step; defaults to the first one that is on")
    .argument("[config]", "name or ID of a saved SMTP config")
    .option("--all", "test every saved config")
    .option("--send-to <address>", "send a test email at the end")
    .option("--json", "print only the report, as JSON in the format of the API")
    .option("--verbose", "show the SMTP transcript, with passwords hidden")
    .option("--server <host>", "test unsaved settings; needs no database")
    .option("--port <number>", "port of --server (default: 587, or 465 with --tls implicit)")
    .option("--tls <how>", "TLS mode: auto, starttls, implicit or off (default: auto)")
    .option("--username <name>", "authenticate to --server; prompts for the password")
    .option("--password-stdin", "read the password from the first line of standard input")
    .option("--from <address>", "sender (default: the username, if it is an email address)")
    .option("--allow-cleartext-auth", "authenticate even without TLS, which sends the password unencrypted")
    .option("--ca-file <file>", "trust these PEM certificates instead of the public ones")
    .addHelpText("after", "\nExit codes: 0 passed, 1 failed, 2 usage error, 130 interrupted.")
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .action((config: string | undefined, flags: TestFlags) =>
      run(async (options) => (await import("./commands/test.ts")).testCommand(options, config, flags)),
    );
  program
    .command("doctor")
    .description("check this installation and show how to fix problems; changes nothing")
    .option("--json", "print only the results, as JSON")
    .option(
      "--bundle <file>",
      "also write a file for a bug report, without secrets and with addresses masked",
    )
    .addHelpText("after", "\nExit codes: 0 passed, 1 failed.")
    .action((flags: DoctorFlags) =>
      endedBy(async () => (await import("./commands/doctor.ts")).doctorCommand(flags)),
    );
  program
    .command("rotate")
    .description("re-encrypt everything with SENDWRIGHT_SECRET; decrypts with SENDWRIGHT_PREVIOUS_SECRETS")
    .option("--dry-run", "show what would change, without changing it", false)
    .action((flags: { dryRun: boolean }) =>
      run(async (options) => (await import("./commands/rotate.ts")).rotateCommand(options, flags)),
    );
  program
    .command("admin")
    .description("manage admins")
    .command("reset")
    .description("print a one-time link that sets an admin's password")
    .action(() =>
      run(async (options) => (await import("./commands/admin-reset.ts")).adminResetCommand(options)),
    );
  program
    .command("generate-secret")
    .description("print a new value for SENDWRIGHT_SECRET")
    .action(() => run(async () => (await import("./commands/generate-secret.ts")).generateSecretCommand()));

  addTemplateCommands(program, run);

  await program.parseAsync([...argv]);
}

/** Runs a command with the options of the environment. */
function run(
  command: (options: ServerOptions, environment: Environment) => Promise<number | undefined>,
): Promise<void> {
  return endedBy(async () => {
    const environment = readEnvironment();
    return command(environment.options, environment);
  });
}

/** What a command cannot do becomes one sentence and a failing exit code. */
async function endedBy(command: () => Promise<number | undefined>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    console.error(`sendwright: ${error.message}`);
    process.exitCode = 1;
  }
}

function environmentHelp(): string {
  return documentedOptions
    .map(({ env, doc, shown, secret }) => {
      const name = secret ? `${env}[_FILE]` : env;
      return `  ${name.padEnd(34)} ${doc}${shown === undefined ? "" : ` (default: ${shown})`}`;
    })
    .join("\n");
}
