import { execFileSync } from "node:child_process";

/** Builds the server and the pages where they are older than their sources, for tests of what is shipped. */
export default function build(): void {
  execFileSync(process.execPath, ["scripts/run.js", "build"], {
    cwd: new URL("../..", import.meta.url),
    stdio: "inherit",
  });
}
