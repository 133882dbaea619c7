import { execFile } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { blocksOf, files, place, root } from "./markdown.ts";

const run = promisify(execFile);

const blocks = files
  .flatMap(blocksOf)
  .filter(({ language, comment }) => language === "ts" && !comment.startsWith("not run:"));

it("every block of TypeScript compiles against the library", async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "sendwright-docs-types-")));
  try {
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    for (const [index, block] of blocks.entries()) {
      writeFileSync(join(folder, `block-${index}.mts`), `${block.text}export {};\n`);
    }
    const config = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: {
        lib: ["es2024", "esnext.disposable", "dom"],
        paths: {
          sendwright: [join(root, "src/index.ts")],
          "sendwright/testing": [join(root, "src/testing/index.ts")],
        },
      },
      include: ["*.mts"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const faults = await run(process.execPath, [compiler, "-p", folder, "--pretty", "false"]).then(
      () => "",
      ({ stdout }: { stdout: string }) => stdout,
    );
    expect(faults.replace(/block-(\d+)\.mts/g, (_, index) => place(blocks[Number(index)]!))).toBe("");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
