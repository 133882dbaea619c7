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
    .addHelpText("after", `\nOptions come from the environment:\n${environmentHelp()}`);

  program
    .command("start", { isDefault: true })
    .description("serve the pages and the API, and deliver (the default)")
    .action(() =>
      run(async (_options, environment) => (await import("./commands/start.ts")).startCommand(environment)),
    );
  program
    .command("test")
    .description(
      "test a connection stage by stage: the first enabled SMTP config, another one, or settings given here",
    )
    .argument("[config]", "name or id of a saved SMTP config")
    .option("--all", "test every saved config")
    .option("--send-to <address>", "send a real email at the end")
    .option("--json", "print the report as JSON, as the API gives it, and nothing else")
    .option("--verbose", "show what was said, with passwords hidden")
    .option("--server <host>", "test settings that are not saved: no database is needed")
    .option("--port <number>", "port of --server (default: 587, or 465 with --tls implicit)")
    .option("--tls <how>", "auto, starttls, implicit or off (default: auto)")
    .option("--username <name>", "sign in to --server; the password is asked for")
    .option("--password-stdin", "take the password from the first line of standard input")
    .option("--from <address>", "sender (default: the username, if that is an address)")
    .option("--allow-cleartext-auth", "sign in also without TLS: others can read the password on the way")
    .option("--ca-file <file>", "PEM certificates to trust instead of the public ones")
    .addHelpText("after", "\nExit codes: 0 it works, 1 it does not, 2 wrong use, 130 stopped with Ctrl-C.")
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .action((config: string | undefined, flags: TestFlags) =>
      run(async (options) => (await import("./commands/test.ts")).testCommand(options, config, flags)),
    );
  program
    .command("doctor")
    .description("check this installation, and say what is wrong and what repairs it; nothing is changed")
    .option("--json", "print what was found as JSON, and nothing else")
    .option("--bundle <file>", "also write a file for a bug report: without secrets, with addresses masked")
    .addHelpText("after", "\nExit codes: 0 nothing failed, 1 something did.")
    .action((flags: DoctorFlags) =>
      endedBy(async () => (await import("./commands/doctor.ts")).doctorCommand(flags)),
    );
  program
    .command("rotate")
    .description(
      "re-encrypt everything under SENDWRIGHT_SECRET, reading the old with SENDWRIGHT_PREVIOUS_SECRETS",
    )
    .option("--dry-run", "show what would be done, and change nothing", false)
    .action((flags: { dryRun: boolean }) =>
      run(async (options) => (await import("./commands/rotate.ts")).rotateCommand(options, flags)),
    );
  program
    .command("admin")
    .description("manage admins")
    .command("reset")
    .description("print a one-time link that sets the password of an admin")
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
