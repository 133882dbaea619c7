import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TemplateDetail } from "../../src/http/schema/templates.ts";
import { apiKey, makeServiceFolder, type Service, type ServiceFolder } from "./service.ts";

let folder: ServiceFolder;
let service: Service;
let dir: string;
beforeAll(async () => {
  folder = makeServiceFolder();
  service = await folder.start();
  dir = join(folder.path, "templates");
});
afterAll(() => folder.dispose());

const welcome = {
  description: "Welcomes */ a customer",
  schema: {
    type: "object",
    properties: {
      name: { type: "string" },
      plan: { type: "string", enum: ["free", "team"], description: "What was bought" },
      items: { type: "array", items: { type: "object", properties: { amount: { type: "integer" } } } },
    },
    required: ["name"],
  },
  example: { name: "Jo" },
  sources: {
    en: { subject: "Welcome", mjml: "<mj-text>\n  Hello {{ name }}\n</mj-text>", text: "Hello\n" },
    de: { subject: "Willkommen", preheader: "Schön", mjml: "<mj-text>Hallo</mj-text>" },
  },
  version: 0,
};

const templates = (...args: readonly string[]) =>
  folder.run(["templates", ...args, "--url", service.url], { SENDWRIGHT_API_KEY: apiKey });
const file = (path: string) => join(dir, path);
const text = (path: string) => readFileSync(file(path), "utf8");

describe("sendwright templates", () => {
  it("pulls what is not as it came into files, and pushes what was changed in them", async () => {
    await service.call("PUT", "/api/templates/welcome", welcome);
    await service.call("PUT", "/api/template-parts/help", { mjml: "<mj-text>Help</mj-text>", version: 0 });
    expect(await templates("pull", dir)).toMatchObject({ code: 0, stderr: "" });
    expect(text("welcome/en/body.mjml")).toBe("<mj-text>\n  Hello {{ name }}\n</mj-text>\n");
    expect(text("welcome/en/text.txt")).toBe("Hello\n\n");
    expect(text("welcome/de/preheader.txt")).toBe("Schön\n");
    expect(existsSync(file("welcome/de/text.txt"))).toBe(false);
    expect(JSON.parse(text("welcome/template.json"))).toMatchObject({ version: 1, example: { name: "Jo" } });
    expect(text("_parts/help/body.mjml")).toBe("<mj-text>Help</mj-text>\n");
    expect(existsSync(file("password-reset"))).toBe(false);

    expect((await templates("push", dir)).stdout).toBe("No changes.\n");
    writeFileSync(file("welcome/de/subject.txt"), "Herzlich willkommen\n");
    rmSync(file("welcome/de/preheader.txt"));
    expect((await templates("push", dir, "--dry-run")).stdout).toBe("welcome: would save de\n");
    expect((await templates("push", dir)).stdout).toBe("welcome: saved de, version 2\n");
    const { body } = await service.call<TemplateDetail>("GET", "/api/templates/welcome");
    expect(body.sources.de).toMatchObject({ subject: "Herzlich willkommen", preheader: null });
    expect((await templates("push", dir)).stdout).toBe("No changes.\n");
  });

  it("says what is wrong with file and line, and then saves nothing", async () => {
    const good = text("welcome/en/body.mjml");
    writeFileSync(file("welcome/en/body.mjml"), '<mj-text>\n  {{ nam }}\n</mj-text>\n{% render "help" %}\n');
    writeFileSync(file("welcome/de/subject.txt"), "Anders\n");
    const { code, stdout, stderr } = await templates("push", dir);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`${file("welcome/en/body.mjml")}:2:6: "nam" is not in the schema of the data`);
    const { body } = await service.call<TemplateDetail>("GET", "/api/templates/welcome");
    expect(body.version).toBe(2);
    writeFileSync(file("welcome/en/body.mjml"), good);
  });

  it("does not undo what somebody else saved meanwhile, unless it is told to", async () => {
    const { body } = await service.call<TemplateDetail>("GET", "/api/templates/welcome");
    await service.call("PUT", "/api/templates/welcome", { ...body, description: "By somebody else" });
    const refused = await templates("push", dir);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("welcome (pulled 2, now 3)");
    expect((await templates("push", dir, "--force")).stdout).toMatch(/^welcome: saved .*version 4\n$/);
  });

  it("writes the types of one's own templates", async () => {
    const { stdout } = await templates("types");
    expect(stdout).toContain('declare module "sendwright"');
    expect(stdout).toContain(`    /** Welcomes * / a customer */
    welcome: {
      name: string;
      /** What was bought */
      plan?: "free" | "team";
      items?: {
        amount?: number;
      }[];
    };`);
    expect(stdout).not.toContain("password-reset");
  });

  it("needs a server and a key", async () => {
    const noKey = await folder.run(["templates", "pull", dir, "--url", service.url], {
      SENDWRIGHT_API_KEY: "",
    });
    expect(noKey.code).toBe(1);
    const wrong = { SENDWRIGHT_API_KEY: "another-key-of-more-than-32-characters" };
    const refused = await folder.run(["templates", "pull", dir, "--url", service.url], wrong);
    expect([refused.code, refused.stderr.includes("another-key")]).toEqual([1, false]);
    const nobody = await folder.run(["templates", "types", "--url", "http://127.0.0.1:1"], {
      SENDWRIGHT_API_KEY: apiKey,
    });
    expect([nobody.code, nobody.stderr]).toEqual([
      1,
      "sendwright: Can't reach Sendwright at http://127.0.0.1:1. Start it, or check --url.\n",
    ]);
  });
});
