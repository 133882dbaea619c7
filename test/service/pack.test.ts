import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { typesOf } from "../../src/cli/templates/types.ts";
import { makeServiceFolder } from "./service.ts";

const root = join(import.meta.dirname, "../..");

let folder: string;
/** The package as npm would lay it out. */
let installed: string;
let bin: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-pack-"));
  // What `npm test` has built is packed; building anew would test the build and not the package.
  run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], root);
  run("tar", ["-xzf", `sendwright-${packageJson.version}.tgz`]);
  installed = join(folder, "package");
  bin = join(installed, "bin/sendwright.js");
  // Its dependencies and no others: what else the repository has installed is not there for adopters.
  for (const name of Object.keys(packageJson.dependencies)) {
    const link = join(installed, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link);
  }
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(installed, join(folder, "node_modules/sendwright"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(command: string, args: readonly string[], cwd = folder) {
  const result = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (result.error !== undefined) throw result.error;
  return result;
}

function packedFiles(): string[] {
  return readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1))
    .filter((path) => !path.startsWith("node_modules/"));
}

describe("the packed package", () => {
  it("holds the compiled server and pages, and nothing of how they are made", () => {
    const files = packedFiles();
    expect(files).toEqual(
      expect.arrayContaining([
        "LICENSE",
        "README.md",
        "package.json",
        "bin/sendwright.js",
        "dist/index.js",
        "dist/index.d.ts",
        "dist/testing/index.js",
        "dist/testing/index.d.ts",
        "dist/cli/main.js",
        "dist/admin/index.html",
      ]),
    );
    expect(files.filter((path) => !/^(bin|dist)\//.test(path)).sort()).toEqual([
      "LICENSE",
      "README.md",
      "package.json",
    ]);
    expect(
      files.filter((path) => /\.test\.|\.tsx?$|\.key$|\.pem$|\.db|\.env/.test(path.replace(/\.d\.ts$/, ""))),
    ).toEqual([]);
    for (const path of files.filter((name) => /\.(js|ts|map|html|css)$/.test(name))) {
      expect([path, readFileSync(join(installed, path), "utf8").includes(root)]).toEqual([path, false]);
    }
  });

  it("is what publint expects of a package", async () => {
    expect((await publint({ pkgDir: installed, pack: false })).messages).toEqual([]);
  });

  it("tells its version", () => {
    expect(run(process.execPath, [bin, "--version"]).stdout).toBe(`${packageJson.version}\n`);
  });

  it("starts in an empty folder, with its pages", async () => {
    const service = makeServiceFolder([bin]);
    try {
      const { url, end } = await service.start({ SENDWRIGHT_DATA_DIR: "./data" });
      expect(existsSync(service.database)).toBe(true);
      const page = await fetch(`${url}/settings/smtp`);
      expect(page.status).toBe(200);
      const html = await page.text();
      const assets = [...html.matchAll(/(?:src|href)="([^"]*assets\/[^"]+)"/g)].map(([, path = ""]) => path);
      expect(assets.length).toBeGreaterThan(1);
      const base = /<base href="([^"]*)"/.exec(html)?.[1] ?? "";
      for (const asset of assets) {
        const response = await fetch(new URL(asset, new URL(base, `${url}/settings/smtp`)));
        expect([asset, response.status]).toEqual([asset, 200]);
        await response.body?.cancel();
      }
      expect(await end("SIGTERM")).toMatchObject({ code: 0 });
    } finally {
      await service.dispose();
    }
  });

  it("gives an application what it exports", () => {
    const app = join(folder, "app.mjs");
    writeFileSync(
      app,
      `import { createSendwright } from "sendwright";
       import { startTestRelay } from "sendwright/testing";
       const sendwright = await createSendwright({ database: ":memory:", secret: "a secret of an application" });
       const { id } = await sendwright.send({ to: "jo@example.com", subject: "Hello", text: "Hello" });
       await using relay = await startTestRelay();
       console.log(typeof id, relay.port > 0);
       await sendwright.close();`,
    );
    const { stdout, stderr } = run(process.execPath, [app]);
    expect(stderr).toBe("");
    expect(stdout.trim().split("\n").at(-1)).toBe("string true");
  });
});

describe("the compiler of an application", () => {
  const to = 'to: "jo@example.com"';

  /** The lines that it finds fault with. */
  function faultyLines(name: string, lines: readonly string[]): number[] {
    const path = join(folder, name);
    mkdirSync(path);
    const compilerOptions = { module: "nodenext", target: "es2024", strict: true, noEmit: true, types: [] };
    writeFileSync(join(path, "package.json"), '{ "type": "module" }');
    writeFileSync(join(path, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    writeFileSync(join(path, "app.ts"), lines.join("\n"));
    writeFileSync(
      join(path, "sendwright-templates.d.ts"),
      typesOf([
        {
          name: "welcome",
          description: "A greeting",
          schema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
        },
      ]),
    );
    const { stdout } = run(join(root, "node_modules/.bin/tsc"), ["-p", "."], path);
    return [...stdout.matchAll(/^app\.ts\((\d+),/gm)].map(([, line]) => Number(line));
  }

  it("takes each template with its data, also those of the application, and what is written without one", () => {
    const lines = [
      'import type { EmailRequest, TemplateData } from "sendwright";',
      `export const reset: EmailRequest = { ${to}, template: "password-reset", data: { url: "https://example.com/" } };`,
      'const data: TemplateData["welcome"] = { name: "Jo" };',
      `export const own: EmailRequest = { ${to}, template: "welcome", data, locale: "de", tags: ["a"] };`,
      `export const written: EmailRequest = { ${to}, subject: "Hello", html: "<p>Hi</p>" };`,
    ];
    expect(faultyLines("good", lines)).toEqual([]);
  });

  it("refuses an unknown template, and data that is wrong, missing or not known", () => {
    const lines = [
      'import type { EmailRequest } from "sendwright";',
      `export const a: EmailRequest = { ${to}, template: "no-such", data: {} };`,
      `export const b: EmailRequest = { ${to}, template: "password-reset", data: {} };`,
      `export const c: EmailRequest = { ${to}, template: "password-reset" };`,
      `export const d: EmailRequest = { ${to}, template: "password-reset", data: { url: "https://example.com/", nam: "Jo" } };`,
      `export const e: EmailRequest = { ${to}, template: "welcome", data: { name: 1 } };`,
      `export const f: EmailRequest = { ${to}, subject: "Hello" };`,
    ];
    expect(faultyLines("bad", lines)).toEqual([2, 3, 4, 5, 6, 7]);
  });
});

describe("an old Node.js", () => {
  const sentence =
    /^Sendwright needs Node\.js 22\.18 or newer; this is v\S+\. See https:\/\/nodejs\.org\/\n$/;

  it.each([
    ["20.19.0", 1],
    ["22.17.1", 1],
    ["22.18.0", 0],
    ["24.0.0", 0],
  ])("of version %s ends with %i; a refusal says why in one line", (version, code) => {
    const preload = join(folder, "old.cjs");
    writeFileSync(
      preload,
      `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });
       Object.defineProperty(process, "version", { value: "v${version}" });`,
    );
    const { status, stderr } = run(process.execPath, ["--require", preload, bin, "--version"]);
    expect(status).toBe(code);
    if (code === 0) expect(stderr).toBe("");
    else expect(stderr).toMatch(sentence);
  });

  const old = (process.env.PATH ?? "")
    .split(delimiter)
    .map((path) => join(path, "node"))
    .find((node) =>
      /^v(1\d|20|21)\./.test(spawnSync(node, ["--version"], { encoding: "utf8" }).stdout ?? ""),
    );

  it.runIf(old !== undefined)("that is really there is told so too", () => {
    const { status, stdout, stderr } = run(old ?? "", [bin]);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(sentence);
  });
});
