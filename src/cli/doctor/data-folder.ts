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
        `${path} doesn't exist yet.`,
        "Run `sendwright start` to create it. If it should exist, check SENDWRIGHT_DATA_DIR; it's relative to the current directory.",
      ),
    ];
  }
  if (!found.isDirectory()) {
    return [failed(folder, `${path} is not a directory.`, "Set SENDWRIGHT_DATA_DIR to a directory.")];
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
  const deed = isShut(path) ? "read" : "write";
  return failed(
    folder,
    `This user can't ${deed} ${path}.`,
    "Run this as the server's user, or make that user the owner of the directory and everything in it.",
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
  if (mode === null)
    return ok(keyFile, secretIsSet ? "none needed: SENDWRIGHT_SECRET is set" : "not created yet");
  if (!isOpenToOthers(path)) return ok(keyFile, `${path}, mode ${mode}`);
  return warning(
    keyFile,
    `Other users on this machine can read ${path} (mode ${mode}), which decrypts every saved password.`,
    `Run \`chmod 600 ${path}\`.`,
  );
}

function checkSpace(path: string, floor: number): Check {
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  const remedy =
    "Free disk space: Sendwright rejects new emails until then. Shorter retention also frees space.";
  if (free < noSpaceBytes) return failed(space, `Only ${bytes(free)} left.`, remedy);
  if (free < floor) {
    return warning(
      space,
      `${bytes(free)} free. Sendwright rejects new emails below ${bytes(floor)}.`,
      "Free disk space, or lower SENDWRIGHT_MIN_FREE_DISK.",
    );
  }
  if (free < littleSpaceBytes) return warning(space, `Only ${bytes(free)} left.`, remedy);
  return ok(space, bytes(free));
}

function statOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}
