import { readFileSync } from "node:fs";
import { Command } from "commander";
import { isPosthornError } from "../errors.ts";
import { documentedOptions, readEnvironment, type ServerOptions } from "../options.ts";
import { addTemplateCommands } from "./template-commands.ts";

/** The command line. Commands are loaded when they are run, so that each starts quickly. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command("posthorn")
    .description(
      "Outgoing email for your application: SMTP settings, encrypted credentials, durable sending.",
    )
    .version(version())
    .addHelpText("after", `\nOptions come from the environment:\n${environmentHelp()}`);

  program
    .command("start", { isDefault: true })
    .description("serve the pages and the API, and deliver (the default)")
    .action(() =>
      run(async (options, unknown) => (await import("./commands/start.ts")).startCommand(options, unknown)),
    );
  program
    .command("rotate")
    .description(
      "re-encrypt everything under POSTHORN_SECRET, reading the old with POSTHORN_PREVIOUS_SECRETS",
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
    .description("print a new value for POSTHORN_SECRET")
    .action(() => run(async () => (await import("./commands/generate-secret.ts")).generateSecretCommand()));

  addTemplateCommands(program, run);

  await program.parseAsync([...argv]);
}

/** Runs a command; what it cannot do becomes one sentence and a failing exit code. */
async function run(
  command: (options: ServerOptions, unknown: readonly string[]) => Promise<number | undefined>,
) {
  try {
    const { options, unknown } = readEnvironment();
    process.exitCode = await command(options, unknown);
  } catch (error) {
    if (!isPosthornError(error)) throw error;
    console.error(`posthorn: ${error.message}`);
    process.exitCode = 1;
  }
}

function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}

function environmentHelp(): string {
  return documentedOptions
    .map(({ env, doc, shown, secret }) => {
      const name = secret ? `${env}[_FILE]` : env;
      return `  ${name.padEnd(34)} ${doc}${shown === undefined ? "" : ` (default: ${shown})`}`;
    })
    .join("\n");
}
