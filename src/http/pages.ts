import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { getMimeType } from "hono/utils/mime";
import { SendwrightError } from "../core/errors.ts";
import { pagePolicy } from "./middleware/security-headers.ts";

/** Where the build of `admin/` lands, seen from `src/http` as from `dist/http`. */
export const builtPages = fileURLToPath(new URL("../../dist/admin/", import.meta.url));

interface PageFile {
  readonly bytes: Buffer;
  readonly type: string;
}

/** The admin app: its files, and its one HTML page at every path that is not a file. */
export class Pages {
  readonly #folder: string;
  /** The folder is small and is read once; nothing outside of it can be served. */
  #reading: Promise<ReadonlyMap<string, PageFile>> | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * @param path without the base path, such as `/settings/smtp`.
   * @param basePath what browsers see before it; null if that is not known.
   * @throws SendwrightError `request.not_found` for a file that the build does not have.
   */
  async respond(path: string, basePath: string | null): Promise<Response> {
    this.#reading ??= readFiles(this.#folder);
    const files = await this.#reading;
    const file = files.get(path);
    if (file !== undefined && path !== "/index.html") {
      // The names in assets/ hold a hash of what is in them.
      const cache = path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
      return respondWith(file.bytes, file.type, cache);
    }
    // A page of an older build may ask for it: a script that is HTML would only puzzle.
    if (path.startsWith("/assets/")) {
      throw new SendwrightError("request.not_found", `${path} not found. Reload the page.`);
    }
    const index = files.get("/index.html");
    if (index === undefined) {
      this.#reading = null;
      return new Response("The pages are not built. Run `npm run build`. The API works without them.\n", {
        status: 503,
      });
    }
    const base = escapeAttribute(basePath === null ? relativeBase(path) : `${basePath}/`);
    const html = index.bytes.toString("utf8");
    const page = html.replace(/<base href="[^"]*"/, () => `<base href="${base}"`);
    return respondWith(page, "text/html; charset=utf-8", "no-cache");
  }
}

/** From `/settings/smtp` the root is `../`: correct under every base path, also an unknown one. */
function relativeBase(path: string): string {
  return "../".repeat(path.split("/").length - 2) || "./";
}

async function readFiles(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile())
    .map(async (entry): Promise<[string, PageFile]> => {
      const file = join(entry.parentPath, entry.name);
      const path = `/${file.slice(folder.length).replaceAll("\\", "/").replace(/^\/+/, "")}`;
      return [path, { bytes: await readFile(file), type: getMimeType(path) ?? "application/octet-stream" }];
    });
  return new Map(await Promise.all(files));
}

function respondWith(body: string | Buffer, type: string, cache: string): Response {
  return new Response(typeof body === "string" ? body : new Uint8Array(body), {
    headers: { "content-type": type, "cache-control": cache, "content-security-policy": pagePolicy },
  });
}

function escapeAttribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
