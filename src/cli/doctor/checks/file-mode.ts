import { type Stats, statSync } from "node:fs";

/** The mode of a file as it is written, such as `0644`; null if there is none. */
export function modeOf(path: string): string | null {
  const found = statOf(path);
  return found === null ? null : (found.mode & 0o777).toString(8).padStart(4, "0");
}

/** Whether others than the owner may read or change a file. Windows has no such bits. */
export function isOpenToOthers(path: string): boolean {
  const found = statOf(path);
  return found !== null && (found.mode & 0o077) !== 0 && process.platform !== "win32";
}

function statOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}
