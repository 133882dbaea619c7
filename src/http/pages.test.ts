import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, type TestApp } from "../../test/support/open-app.ts";

let parent: string;
let pages: string;
let app: TestApp | undefined;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "sendwright-pages-"));
  pages = join(parent, "admin");
  await mkdir(join(pages, "assets"), { recursive: true });
  await writeFile(join(parent, "secret.txt"), "not for you");
  await writeFile(
    join(pages, "index.html"),
    '<head><base href="/" /><script src="./assets/a-1.js"></script>',
  );
  await writeFile(join(pages, "assets", "a-1.js"), "run()");
  await writeFile(join(pages, "sendwright.svg"), "<svg/>");
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await rm(parent, { recursive: true });
});

async function get(path: string, options: { basePath?: string; pages?: string } = {}): Promise<Response> {
  app ??= await openApp({ pages, ...options });
  return app.request(path);
}

describe("the pages", () => {
  it.each(["/settings/smtp", "/emails/0199", "/first-admin", "/reset-password", "/api/docs"])(
    "are one page at %s",
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(response.headers.get("cache-control")).toBe("no-cache");
      expect(await response.text()).toContain("./assets/a-1.js");
    },
  );

  it("run no script but their own, in nobody's frame", async () => {
    const policy = (await get("/settings/smtp")).headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it("have scripts that travel compressed", async () => {
    await writeFile(join(pages, "assets", "b-1.js"), "run();".repeat(1_000));
    app ??= await openApp({ pages });
    const response = await app.request("/assets/b-1.js", { headers: { "accept-encoding": "gzip" } });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    const body = new Uint8Array(await response.arrayBuffer());
    expect(gunzipSync(body).toString()).toBe("run();".repeat(1_000));
    expect(body.length).toBeLessThan(200);
  });

  it("have files that a cache may keep for ever, by the hash in their names", async () => {
    const script = await get("/assets/a-1.js");
    expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(script.headers.get("content-type")).toMatch(/^text\/javascript/);
    expect(await script.text()).toBe("run()");
    const icon = await get("/sendwright.svg");
    expect(icon.headers.get("cache-control")).toBe("no-cache");
    expect(icon.headers.get("content-type")).toMatch(/^image\/svg\+xml/);
  });

  it("say so when a file of an older build is asked for", async () => {
    expect((await get("/assets/a-0.js")).status).toBe(404);
  });

  it.each(["/../secret.txt", "/..%2fsecret.txt", "/assets/../../secret.txt", "/assets/..%5c..%5csecret.txt"])(
    "never lead out of their folder: %s",
    async (path) => {
      expect(await (await get(path)).text()).not.toContain("not for you");
    },
  );

  it.each([
    ["/", "./"],
    ["/settings/smtp", "../"],
    ["/emails", "./"],
    ["/emails/1", "../"],
  ])("find their way under a base path that nobody told: %s", async (path, base) => {
    expect(await (await get(path)).text()).toContain(`<base href="${base}"`);
  });

  it("know their base path, whether or not it was taken off", async () => {
    for (const path of ["/mail", "/mail/", "/mail/settings/smtp", "/settings/smtp"]) {
      const response = await get(path, { basePath: "/mail/" });
      expect(await response.text()).toContain('<base href="/mail/"');
    }
    expect((await get("/mail/api/health")).status).toBe(200);
    expect((await get("/mailbox/api/health")).headers.get("content-type")).toMatch(/html/);
  });

  it("say how to build them when they are not there", async () => {
    const response = await get("/settings/smtp", { pages: join(parent, "nothing") });
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("npm run build");
    expect((await get("/api/health")).status).toBe(200);
  });
});
