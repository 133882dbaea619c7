import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Page, page } from "./markdown.ts";

const commands = [
  "start",
  "test",
  "doctor",
  "rotate",
  "admin reset",
  "generate-secret",
  "templates pull",
  "templates push",
  "templates types",
];

const run = promisify(execFile);
const main = new URL("../../src/cli/main.ts", import.meta.url).href;

export async function commandPage(): Promise<Page> {
  const sections = await Promise.all(
    commands.map(async (command) => [
      `## sendwright ${command}`,
      `\`\`\`text\n${(await helpOf(command)).trimEnd()}\n\`\`\``,
    ]),
  );
  return page("reference/cli.md", "src/cli/main.ts", "Command line", [
    "In a clone of the repository, run a command as `node bin/sendwright.js test` after `npm run build`. In the container image it is the entry point: `docker run --rm sendwright test`. As a dependency, it is `node_modules/.bin/sendwright`.",
    "Commands read the same [environment variables](variables.md) as the service. `sendwright --help` lists them.",
    ...sections.flat(),
    "Next: [test a connection and check the installation](../fix/test-and-doctor.md).",
  ]);
}

/** What `--help` prints, at the same width on every machine. */
async function helpOf(command: string): Promise<string> {
  const script = `(await import(${JSON.stringify(main)})).main(process.argv)`;
  const args = ["--input-type=module", "-e", script, "sendwright", ...command.split(" "), "--help"];
  const { stdout } = await run(process.execPath, args, { env: { NO_COLOR: "1" } });
  return stdout;
}
