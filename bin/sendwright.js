#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=30
// V8 uses what memory there is unless it is told that less will do: 100,000 emails may wait in less than 200 MB.
// Plain JavaScript that any Node can read, so that an old one gets a sentence and not a stack trace.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Sendwright needs Node.js 22.18 or newer; this is ${process.version}. See https://nodejs.org/\n`,
  );
  process.exit(1);
}
// Compiled code is kept between runs: a third less time to start.
void import("node:module")
  .then((module) => module.enableCompileCache())
  .then(() => import("../dist/cli/main.js"))
  .then((cli) => cli.main(process.argv));
