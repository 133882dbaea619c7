import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Browser, chromium, type LaunchOptions } from "playwright-core";

export interface TestBrowser {
  readonly browser: Browser;
  /** Ends the browser, and removes everything it wrote. */
  close(): Promise<void>;
}

/**
 * A real browser out of npm, without packages of the system: Chromium for Linux on x64. Elsewhere it is
 * the Chrome that is installed.
 * @param fontFolders where to look for fonts besides the one that comes along. Default: nowhere, so that
 *   all machines lay the pages out alike.
 */
export async function startBrowser(fontFolders: readonly string[] = []): Promise<TestBrowser> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-browser-"));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    const isOurs = process.platform === "linux" && process.arch === "x64";
    const options = isOurs ? await unpack(folder, fontFolders) : { channel: "chrome" };
    const browser = await chromium.launch({
      ...options,
      args: ["--disable-gpu"],
      artifactsDir: folder,
    });
    return {
      browser,
      async close() {
        await browser.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Unpacks the browser, the libraries it needs and a font into the folder. */
async function unpack(folder: string, fontFolders: readonly string[]): Promise<LaunchOptions> {
  const { inflate } = await import("@sparticuz/chromium");
  const entry = createRequire(import.meta.url).resolve("@sparticuz/chromium");
  const packed = join(dirname(entry), "..", "bin");
  // Where it unpacks to is where temporary files go at the moment of the call.
  const usual = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  const unpacking = ["chromium.br", "al2023.tar.br", "fonts.tar.br"].map((name) =>
    inflate(join(packed, name)),
  );
  if (usual === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usual;
  const [executablePath = "", libraries = "", fonts = ""] = await Promise.all(unpacking);

  const fontConfig = join(folder, "fonts.conf");
  writeFileSync(fontConfig, fontConfigOf([fonts, ...fontFolders], join(folder, "font-cache")));
  return {
    executablePath,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: folder,
      FONTCONFIG_FILE: fontConfig,
      LD_LIBRARY_PATH: join(libraries, "lib"),
    },
  };
}

function fontConfigOf(folders: readonly string[], cache: string): string {
  const preferred = ["sans-serif", "system-ui", "ui-sans-serif"].map(
    (family) => `<alias><family>${family}</family><prefer><family>Open Sans</family></prefer></alias>`,
  );
  return [
    '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">',
    "<fontconfig>",
    ...folders.map((folder) => `<dir>${folder}</dir>`),
    `<cachedir>${cache}</cachedir>`,
    ...preferred,
    "</fontconfig>",
    "",
  ].join("\n");
}
