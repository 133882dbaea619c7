import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type LaunchOptions } from "playwright-core";
import { unpackedBrowser } from "./unpacked-browser.ts";

export interface TestBrowser {
  readonly browser: Browser;
  /** Ends the browser, and removes everything it wrote. */
  close(): Promise<void>;
}

/** A browser for several processes. */
export interface BrowserServer {
  /** For `chromium.connect`. Nobody else knows it. */
  readonly address: string;
  /** Ends the browser, and removes everything it wrote. */
  stop(): Promise<void>;
}

/**
 * A real browser out of npm, without packages of the system: Chromium for Linux on x64. Elsewhere it is
 * the Chrome that is installed.
 * @param fontFolders where to look for fonts besides the one that comes along. Default: nowhere, so that
 *   all machines lay the pages out alike.
 */
export async function startBrowser(fontFolders: readonly string[] = []): Promise<TestBrowser> {
  const { started, end } = await startWith(fontFolders, (options) => chromium.launch(options));
  return { browser: started, close: end };
}

/** The same browser, for `chromium.connect` by as many processes as there are. */
export async function startBrowserServer(): Promise<BrowserServer> {
  const { started, end } = await startWith([], (options) =>
    chromium.launchServer({ ...options, host: "127.0.0.1" }),
  );
  return { address: started.wsEndpoint(), stop: end };
}

async function startWith<Started extends { close(): Promise<void> }>(
  fontFolders: readonly string[],
  launch: (options: LaunchOptions) => Promise<Started>,
): Promise<{ started: Started; end(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "sendwright-browser-"));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    const isOurs = process.platform === "linux" && process.arch === "x64";
    const started = await launch({
      ...(isOurs ? await fromNpm(folder, fontFolders) : { channel: "chrome" }),
      args: ["--disable-gpu"],
      artifactsDir: folder,
    });
    return {
      started,
      async end() {
        await started.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** @param folder for everything the browser writes. */
async function fromNpm(folder: string, fontFolders: readonly string[]): Promise<LaunchOptions> {
  const { executablePath, libraryFolder, fontFolder } = await unpackedBrowser(folder);
  const fontConfig = join(folder, "fonts.conf");
  writeFileSync(fontConfig, fontConfigOf([fontFolder, ...fontFolders], join(folder, "font-cache")));
  return {
    executablePath,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: folder,
      FONTCONFIG_FILE: fontConfig,
      LD_LIBRARY_PATH: libraryFolder,
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
