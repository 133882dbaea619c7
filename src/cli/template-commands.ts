import type { Command } from "commander";
import type { ServerOptions } from "../core/environment.ts";
import type { PushFlags, Where } from "./commands/templates.ts";

type Run = (command: (options: ServerOptions) => Promise<number | undefined>) => Promise<void>;

const defaultFolder = "sendwright-templates";

/** `sendwright templates …`: they speak to a running server, with SENDWRIGHT_API_KEY. */
export function addTemplateCommands(program: Command, run: Run): void {
  const templates = program.command("templates").description("manage templates as files");
  const url = ["--url <url>", "URL of the server (default: this machine)"] as const;
  templates
    .command("types")
    .description("print TypeScript types for the data of your templates")
    .option(...url)
    .action((where: Where) => run(async (options) => (await load()).templateTypesCommand(options, where)));
  templates
    .command("pull")
    .description("download customized templates to files")
    .argument("[dir]", "directory of the files", defaultFolder)
    .option(...url)
    .action((folder: string, where: Where) =>
      run(async (options) => (await load()).templatePullCommand(options, folder, where)),
    );
  templates
    .command("push")
    .description("check the files and save changed templates on the server")
    .argument("[dir]", "directory of the files", defaultFolder)
    .option(...url)
    .option("--dry-run", "show what would be saved, without saving it", false)
    .option("--force", "overwrite versions that are newer than the pulled ones", false)
    .action((folder: string, flags: PushFlags) =>
      run(async (options) => (await load()).templatePushCommand(options, folder, flags)),
    );
}

const load = () => import("./commands/templates.ts");
