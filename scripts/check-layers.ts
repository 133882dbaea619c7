/**
 * Proves that imports within `src/` go down only: from a room to a room on a lower floor (`floors.ts`). Also which
 * files may open sockets, resolve names or touch files and timers, and that the picture of the rooms shows these
 * floors; with `--draw` it is drawn anew. Cycles between files are the linter's (`noImportCycles`).
 */
import { readFileSync, writeFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { drawRooms } from "./draw-rooms.ts";
import { floors } from "./floors.ts";

/** What only some files may import, and why. */
const reserved: readonly {
  readonly modules: RegExp;
  readonly only: RegExp;
  readonly why: string;
  /** Types leave no trace at run time, so anybody may import them. */
  readonly allowsTypes?: true;
}[] = [
  {
    modules: /^node:(net|tls)$/,
    only: /^(smtp\/wire|net|testing|sender-dns\/spf)\b/,
    why: "smtp/wire.ts alone opens sockets to SMTP servers",
  },
  {
    modules: /^node:dns(\/promises)?$/,
    only: /^(net|testing)\//,
    why: "net/ alone resolves names",
  },
  {
    modules: /\/smtp\/(connection|client|sending|transaction)\.ts$/,
    only: /^(smtp|guard)\//,
    why: "guard/ alone opens connections that send",
    allowsTypes: true,
  },
];

/** Values in, values out: no input or output, no timers, no clock. */
const pure: readonly RegExp[] = [
  /^message\//,
  /^smtp\/(session|reply|auth|transaction)\.ts$/,
  /^delivery\/(backoff|outcome|circuit-breaker)\.ts$/,
  /^providers\//,
];
const impure =
  /^(node:(fs|net|tls|dns|timers|http|https|child_process|worker_threads)\b|.*\/core\/clock\.ts$)/;

const root = fileURLToPath(new URL("../src/", import.meta.url));
const floorOf = new Map(floors.flatMap((rooms, floor) => rooms.map(({ name }) => [name, floor] as const)));
const specifier = /\b(?:from|import)\s*\(?\s*"([^"]+)"/g;

/** What one import breaks, in words; null if it may stand. */
function faultOf(file: string, imported: string): string | null {
  if (pure.some((one) => one.test(file)) && impure.test(imported) && !isTypeOnly(file, imported)) {
    return `${file} is pure, but imports ${imported}`;
  }
  const reservation = reserved.find(
    ({ modules, only, allowsTypes = false }) =>
      modules.test(imported) && !only.test(file) && !(allowsTypes && isTypeOnly(file, imported)),
  );
  if (reservation !== undefined) return `${file} imports ${imported}, but ${reservation.why}`;
  if (!imported.startsWith(".")) return null;
  const target = posix.join(dirname(file), imported);
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === to || target.startsWith("..")) return null;
  return floorAt(to) < floorAt(from) ? null : `${file} imports ${target}, which is not on a lower floor`;
}

/** Whether each import of a module is of types alone. */
function isTypeOnly(file: string, imported: string): boolean {
  const source = readFileSync(join(root, file), "utf8");
  const statements = source.match(/^(?:import|export)\b[^"]*"[^"]+"/gm) ?? [];
  const ofModule = statements.filter((statement) => statement.endsWith(`"${imported}"`));
  return ofModule.length > 0 && ofModule.every((statement) => /^(?:import|export) type\b/.test(statement));
}

function roomOf(file: string): string {
  return file.split("/", 1)[0] ?? file;
}

function floorAt(room: string): number {
  const floor = floorOf.get(room);
  if (floor === undefined) throw new Error(`${room} is on no floor: add it to scripts/floors.ts`);
  return floor;
}

const picture = fileURLToPath(new URL("../docs/images/rooms.svg", import.meta.url));
const drawn = drawRooms();
if (process.argv.includes("--draw")) writeFileSync(picture, drawn);

const faults: string[] = [];
if (readFileSync(picture, "utf8") !== drawn) {
  faults.push("docs/images/rooms.svg shows other rooms: node scripts/check-layers.ts --draw");
}
let files = 0;
for await (const file of glob("**/*.ts", { cwd: root })) {
  if (file.endsWith(".test.ts")) continue;
  files++;
  for (const [, imported = ""] of readFileSync(join(root, file), "utf8").matchAll(specifier)) {
    const fault = faultOf(file, imported);
    if (fault !== null) faults.push(fault);
  }
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`Checked ${files} files on ${floors.length} floors: every import goes down.`);
