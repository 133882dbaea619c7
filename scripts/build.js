import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** What is built, from which sources, and how one sees that it was. */
const products = [
  {
    name: "server",
    sources: ["src", "tsconfig.json", "tsconfig.build.json", "package-lock.json"],
    stamp: "dist/.server-built",
    // What a renamed source left behind must not be published.
    clean: () => {
      for (const name of list("dist"))
        if (name !== "admin") rmSync(join(root, "dist", name), { recursive: true });
    },
    command: ["tsc", "-p", "tsconfig.build.json"],
  },
  {
    name: "pages",
    sources: [
      "admin/src",
      "admin/index.html",
      "admin/vite.config.ts",
      "admin/package.json",
      "package-lock.json",
    ],
    stamp: "dist/admin/.built",
    clean: () => {},
    command: ["vite", "build", "admin", "--logLevel", "warn"],
  },
];

/** Builds what is missing or older than its sources. Ends the process with the tool's own words if that fails. */
export function build() {
  for (const { name, sources, stamp, clean, command } of products) {
    const newest = Math.max(...sources.map((source) => newestIn(join(root, source))));
    if (newest <= modifiedAt(join(root, stamp))) continue;
    process.stderr.write(`Building the ${name} …\n`);
    clean();
    // The product is always built for production: a test runner sets NODE_ENV to "test", and pages built so are larger
    // and name the folders of this machine.
    run(command, { ...process.env, NODE_ENV: "production" });
    mkdirSync(join(root, stamp, ".."), { recursive: true });
    writeFileSync(join(root, stamp), "");
  }
}

/** Runs a tool of the project; npm has put its folder on the path. */
export function run([command, ...args], env = process.env) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", env });
  if (error !== undefined) {
    process.stderr.write(
      `${command} cannot be run (${error.message}). Run "npm ci" first, and start this with "npm run".\n`,
    );
    process.exit(1);
  }
  if (status !== 0) process.exit(status ?? 1);
}

function newestIn(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  const inside = readdirSync(path)
    .filter((name) => !name.endsWith(".test.ts"))
    .map((name) => newestIn(join(path, name)));
  // The folder's own time changes when a file is removed.
  return Math.max(stats.mtimeMs, ...inside);
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function list(folder) {
  const path = join(root, folder);
  return statSync(path, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(path);
}
