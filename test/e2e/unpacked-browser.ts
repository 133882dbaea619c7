import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Chromium for Linux on x64 out of npm, with the libraries and the font it needs. */
export interface UnpackedBrowser {
  readonly executablePath: string;
  readonly libraryFolder: string;
  readonly fontFolder: string;
}

const packed = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "..", "bin");
const cache = join(import.meta.dirname, "../../node_modules/.cache");

/**
 * Unpacks the browser once for each version of it: that takes longer than starting it.
 * @param spare where to unpack it if the cache belongs to another user and holds none.
 */
export async function unpackedBrowser(spare: string): Promise<UnpackedBrowser> {
  const { version } = JSON.parse(readFileSync(join(packed, "../package.json"), "utf8"));
  const unpacked = join(cache, `chromium-${version}`);
  if (existsSync(unpacked)) return browserIn(unpacked);
  if (!isWritable(cache)) return unpackInto(spare);
  // Only a complete folder gets the name that others look for.
  const fresh = mkdtempSync(`${unpacked}-`);
  try {
    await unpackInto(fresh);
    renameSync(fresh, unpacked);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another process may have been faster.
    if (!existsSync(unpacked)) throw error;
  }
  return browserIn(unpacked);
}

function isWritable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function unpackInto(folder: string): Promise<UnpackedBrowser> {
  const { inflate } = await import("@sparticuz/chromium");
  // It unpacks to where temporary files go at the moment of the call.
  const usual = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  const unpacking = ["chromium.br", "al2023.tar.br", "fonts.tar.br"].map((name) =>
    inflate(join(packed, name)),
  );
  if (usual === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usual;
  await Promise.all(unpacking);
  const browser = browserIn(folder);
  // Root unpacks it for everybody.
  for (const path of [folder, browser.executablePath]) chmodSync(path, 0o755);
  return browser;
}

function browserIn(folder: string): UnpackedBrowser {
  return {
    executablePath: join(folder, "chromium"),
    libraryFolder: join(folder, "al2023/lib"),
    fontFolder: join(folder, "fonts"),
  };
}
