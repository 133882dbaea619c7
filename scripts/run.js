// The entry of every npm script. Plain JavaScript, because an old Node then prints a sentence and no stack trace.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Sendwright needs Node.js 22.18 or newer to run from its sources; this is ${process.version}.\n` +
      'On Linux "npm ci" brings one: start with "npm start", "npm test" and so on. Elsewhere install it from https://nodejs.org/\n',
  );
  process.exit(1);
}

const { enableCompileCache } = await import("node:module");
const [task, ...args] = process.argv.slice(2);
const { build, run } = await import("./build.js");
const { check, verify } = await import("./check.js");

switch (task) {
  case "build":
    build();
    break;
  case "start": {
    // Before anything else: a parent that ends while the service starts is noticed too.
    endWithParent();
    build();
    // Compiled code is cached between runs: a third less time to start.
    enableCompileCache();
    const { main } = await import("../dist/cli/main.js");
    await main([...process.argv.slice(0, 2), "start", ...args]);
    break;
  }
  case "dev": {
    endWithParent();
    const { dev } = await import("./dev.ts");
    await dev(args);
    break;
  }
  case "demo":
    build();
    run([process.execPath, "scripts/demo.ts"]);
    break;
  case "check":
    process.exitCode = await check();
    break;
  case "verify":
    process.exitCode = await verify(args);
    break;
  case "format":
    run(["biome", "check", "--write"]);
    break;
  // What the chosen tests need to be built, they build themselves.
  case "test":
    run(["vitest", "run", ...args]);
    break;
  case "test:watch":
    run(["vitest", "watch", ...args]);
    break;
  case "test:faults":
    process.env.SENDWRIGHT_TEST_FAULTS = "long";
    run(["vitest", "run", "test/faults", "test/simulation", ...args]);
    break;
  case "test:repeat":
    build();
    run([process.execPath, "scripts/repeat.ts", ...args]);
    break;
  case "simulate":
    run([process.execPath, "--disable-warning=ExperimentalWarning", "simulation/main.ts", ...args]);
    break;
  case "bench":
    build();
    run([process.execPath, "bench/main.ts", ...args]);
    break;
  default:
    process.stderr.write(`Unknown task ${JSON.stringify(task)}.\n`);
    process.exit(1);
}

/** npm runs this in a shell that does not pass signals on: without the watch, the service would outlive it. */
function endWithParent() {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    // Once: a second signal would end the service without waiting for what it is sending.
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, 250);
  timer.unref();
}
