import { accessSync, constants, type Stats, statfsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { ServerOptions } from "../../core/environment.ts";
import { bytes } from "../../core/format.ts";
import { keyFileOf } from "../secret-source.ts";
import { type Check, failed, ok, warning } from "./checks/check.ts";
import { isOpenToOthers, modeOf } from "./checks/file-mode.ts";

const folder = { id: "data.folder", title: "Folder" };
const keyFile = { id: "data.key_file", title: "Key file" };
const space = { id: "data.space", title: "Free space" };

/** Below this, a busy day may fill the disk; below the other, the next minutes may. */
const littleSpaceBytes = 512 * 2 ** 20;
const noSpaceBytes = 32 * 2 ** 20;

/** The folder of the database and the key; with PostgreSQL there is none. */
export function checkDataFolder({ dataDir, secret, minFreeDisk }: ServerOptions): readonly Check[] {
  const path = resolve(dataDir);
  const found = statOf(path);
  if (found === null) {
    return [
      warning(
        folder,
        `${path} does not exist yet.`,
        "`sendwright start` makes it. If there should be one, check SENDWRIGHT_DATA_DIR, which counts from the folder that this runs in.",
      ),
    ];
  }
  if (!found.isDirectory()) {
    return [failed(folder, `${path} is no folder.`, "Set SENDWRIGHT_DATA_DIR to a folder.")];
  }
  if (isShut(dataDir)) return [checkWritable(path)];
  return [
    checkWritable(path),
    checkKeyFile(keyFileOf(path), secret !== undefined),
    checkSpace(path, minFreeDisk),
  ];
}

/** Whether there is a folder that this user cannot look into: nothing can be said of what is in it. */
export function isShut(dataDir: string): boolean {
  return statOf(dataDir) !== null && !mayAccess(dataDir, constants.R_OK | constants.X_OK);
}

function checkWritable(path: string): Check {
  if (mayAccess(path, constants.R_OK | constants.W_OK | constants.X_OK)) return ok(folder, path);
  const deed = isShut(path) ? "looked into" : "written to";
  return failed(
    folder,
    `${path} cannot be ${deed} by this user.`,
    "Run this as the user that the server runs as, or give that user the folder with all that is in it.",
  );
}

function mayAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function checkKeyFile(path: string, secretIsSet: boolean): Check {
  const mode = modeOf(path);
  if (mode === null) return ok(keyFile, secretIsSet ? "none needed: SENDWRIGHT_SECRET is set" : "none yet");
  if (!isOpenToOthers(path)) return ok(keyFile, `${path}, mode ${mode}`);
  return warning(
    keyFile,
    `Others on this machine may read ${path} (mode ${mode}): it opens every saved password.`,
    `\`chmod 600 ${path}\``,
  );
}

function checkSpace(path: string, floor: number): Check {
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  const remedy =
    "Make room on this disk: without it, emails are refused. Retention frees space for new emails.";
  if (free < noSpaceBytes) return failed(space, `Only ${bytes(free)} are left.`, remedy);
  if (free < floor) {
    return warning(
      space,
      `${bytes(free)} are free. Sendwright rejects new emails below ${bytes(floor)}.`,
      "Free disk space, or lower SENDWRIGHT_MIN_FREE_DISK.",
    );
  }
  if (free < littleSpaceBytes) return warning(space, `Only ${bytes(free)} are left.`, remedy);
  return ok(space, bytes(free));
}

function statOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}
