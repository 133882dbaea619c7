import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signedHeaders } from "../../src/webhooks/signature.ts";
import { DocumentedService, documentedUrl } from "./documented-service.ts";
import { type Block, blocksOf, files, place, root } from "./markdown.ts";

const run = promisify(execFile);

const blocks = files.flatMap(blocksOf);
const skipped = blocks.filter(({ comment }) => comment.startsWith("not run:"));
const ofLanguage = (...languages: string[]) =>
  blocks
    .filter((block) => languages.includes(block.language) && !skipped.includes(block))
    .map((block) => [place(block), block] as const);

let service: DocumentedService;
let folder: string;
beforeAll(async () => {
  service = await DocumentedService.start();
  folder = mkdtempSync(join(tmpdir(), "sendwright-docs-"));
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function has(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("blocks of JSON", () => {
  it.each(ofLanguage("json"))("%s is JSON, and is accepted if it is a request", async (_, block) => {
    const body: unknown = JSON.parse(block.text);
    const path = /^post: (\S+)$/.exec(block.comment)?.[1];
    if (path === undefined) return;
    const response = await fetch(service.here(`${documentedUrl}${path}`), {
      method: "POST",
      headers: {
        authorization: `Bearer ${service.variables.SENDWRIGHT_KEY}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
    });
    expect([response.status, await response.text()]).toEqual([202, expect.any(String)]);
  });
});

describe("blocks of the shell", () => {
  // A reply that is an error fails the block.
  const prelude = 'curl() { command curl --fail-with-body --silent --show-error "$@"; }\n';

  it.skipIf(!has("curl") || !has("bash")).each(ofLanguage("sh"))("%s works", async (_, block) => {
    const script = prelude + service.here(block.text);
    const env = { PATH: process.env.PATH, ...service.variables };
    const ended = await run("bash", ["-euo", "pipefail", "-c", script], { env, cwd: folder }).then(
      ({ stdout }) => ({ ok: true, output: stdout }),
      (error: { stdout: string; stderr: string }) => ({ ok: false, output: error.stdout + error.stderr }),
    );
    expect(ended).toEqual({ ok: true, output: expect.any(String) });
    // A batch is accepted with problems of single emails in it.
    expect(ended.output).not.toContain('"problem":{');
  });

  const shell = blocks
    .filter(({ language }) => language === "sh")
    .map((block) => [place(block), block] as const);
  const help = blocksOf("docs/reference/cli.md").map(({ text }) => text);
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };

  it.each(shell)("%s names commands and options that exist", (_, { text }) => {
    for (const [, script = ""] of text.matchAll(/\bnpm run (?:-s )?([\w:]+)/g)) {
      expect(Object.keys(scripts)).toContain(script);
    }
    for (const [, given = ""] of text.matchAll(/(?:^|bin\/)sendwright(?:\.js)? ([a-z][^)"\n]*)/gm)) {
      const words = given.split(/\s/);
      const usages = [2, 1].map((count) => `Usage: sendwright ${words.slice(0, count).join(" ")} `);
      const page = usages.flatMap((usage) => help.filter((known) => known.startsWith(usage)))[0] ?? "";
      expect(page, given).not.toBe("");
      for (const option of words.filter((word) => word.startsWith("--"))) expect(page).toContain(option);
    }
  });
});

describe("blocks of templates", () => {
  const schema = {
    type: "object",
    properties: {
      name: { type: "string" },
      url: { type: "string", format: "uri" },
      validMinutes: { type: "integer" },
    },
    required: ["url"],
  };

  it.each(ofLanguage("html"))("%s compiles", async (_, block) => {
    const response = await fetch(service.here(`${documentedUrl}/api/templates/of-the-docs`), {
      method: "PUT",
      headers: {
        authorization: `Bearer ${service.variables.SENDWRIGHT_ADMIN_KEY}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({
        description: "An example",
        schema,
        example: { name: "Jo", url: "https://app.example.com/", validMinutes: 60 },
        sources: { en: { subject: "Hello", mjml: block.text } },
        version: 0,
      }),
    });
    expect([response.ok, await response.text()]).toEqual([true, expect.any(String)]);
  });
});

describe("blocks of Python", () => {
  it.skipIf(!has("python3")).each(ofLanguage("python"))("%s compiles", async (_, { text }) => {
    await run("python3", ["-c", "import ast, sys; ast.parse(sys.argv[1])", text]);
  });
});

it("the webhook example verifies what Sendwright signs", async () => {
  const [block] = blocksOf("docs/guides/webhook.md").filter(({ language }) => language === "ts");
  const file = join(folder, "webhook.mts");
  writeFileSync(file, block?.text ?? "");
  const { isFromSendwright } = (await import(pathToFileURL(file).href)) as {
    isFromSendwright: (headers: Headers, body: string, secret: string) => boolean;
  };
  const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const signed = (at: number) => new Headers({ ...signedHeaders(secret, { id: "msg_1", body: "{}" }, at) });
  expect(isFromSendwright(signed(Date.now()), "{}", secret)).toBe(true);
  expect(isFromSendwright(signed(Date.now()), "{ }", secret)).toBe(false);
  expect(isFromSendwright(signed(Date.now() - 600_000), "{}", secret)).toBe(false);
  expect(isFromSendwright(new Headers(), "{}", secret)).toBe(false);
});

describe("all blocks", () => {
  it.each(skipped.map((block) => [place(block), block.comment.slice("not run:".length).trim()]))(
    "%s is not run: %s",
    (_, reason) => {
      expect(reason).toMatch(/\w{4}/);
    },
  );

  /** A language that nothing checks yet does not pass unseen. */
  const checked = ["json", "sh", "env", "ts", "python", "html", "yaml", "ini", "toml", "nginx", "caddyfile"];
  /** Output, and declarations that are written from code. */
  const shown = ["text", "typescript"];

  it("are in a language that is checked, or say why they are not run", () => {
    const unknown = (block: Block) => ![...checked, ...shown].includes(block.language);
    expect(blocks.filter((block) => unknown(block) && !skipped.includes(block)).map(place)).toEqual([]);
  });
});
