import type { Command } from "commander";
import type { ServerOptions } from "../core/environment.ts";
import type { PushFlags, Where } from "./commands/templates.ts";

type Run = (command: (options: ServerOptions) => Promise<number | undefined>) => Promise<void>;

const defaultFolder = "sendwright-templates";

/** `sendwright templates …`: they speak to a running server, with SENDWRIGHT_API_KEY. */
export function addTemplateCommands(program: Command, run: Run): void {
  const templates = program.command("templates").description("keep templates in files, and know their data");
  const url = ["--url <url>", "the server; by default the one on this machine"] as const;
  templates
    .command("types")
    .description("print TypeScript for the data of one's own templates")
    .option(...url)
    .action((where: Where) => run(async (options) => (await load()).templateTypesCommand(options, where)));
  templates
    .command("pull")
    .description("write the templates of the server that are not as they came into files")
    .argument("[dir]", "the folder", defaultFolder)
    .option(...url)
    .action((folder: string, where: Where) =>
      run(async (options) => (await load()).templatePullCommand(options, folder, where)),
    );
  templates
    .command("push")
    .description("check the templates in files, and save those that differ on the server")
    .argument("[dir]", "the folder", defaultFolder)
    .option(...url)
    .option("--dry-run", "show what would be saved, and save nothing", false)
    .option("--force", "also where the server has a newer version than was pulled", false)
    .action((folder: string, flags: PushFlags) =>
      run(async (options) => (await load()).templatePushCommand(options, folder, flags)),
    );
}

const load = () => import("./commands/templates.ts");
