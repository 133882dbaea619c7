import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";
import { anchor } from "../../scripts/docs/markdown.ts";
import { files, filesLike, proseOf, read, root } from "./markdown.ts";

/** The anchors of a page: GitHub numbers those of equal headings. */
function anchorsOf(file: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    [...proseOf(file).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = ""]) => {
      const plain = anchor(
        heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]|(?<!\w)_|_(?!\w)/g, ""),
      );
      const before = seen.get(plain) ?? 0;
      seen.set(plain, before + 1);
      return before === 0 ? plain : `${plain}-${before}`;
    }),
  );
}

it.each(files)("every link in %s leads somewhere", (file) => {
  const prose = proseOf(file);
  const targets = [
    ...[...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target),
    ...[...prose.matchAll(/\b(?:src|srcset|href)="([^"]+)"/g)].map(([, target = ""]) => target),
  ];
  const lost = targets
    .filter((target) => !/^(?:[a-z]+:|cid:)/.test(target))
    .filter((target) => {
      const [path = "", wanted] = target.split("#");
      const page = path === "" ? file : normalize(join(dirname(file), path));
      if (!existsSync(join(root, page))) return true;
      return wanted !== undefined && !anchorsOf(page).has(wanted);
    });
  expect(lost).toEqual([]);
});

it("every page is in the table of contents, and can be reached from it", () => {
  const contents = proseOf("docs/README.md");
  const pages = files.filter((file) => file.startsWith("docs/") && file !== "docs/README.md");
  expect(pages.filter((file) => !contents.includes(`(${file.slice("docs/".length)})`))).toEqual([]);
});

it("every page that code, tests and settings name exists", () => {
  const sources = filesLike("{*,{src,admin/src,scripts,simulation,bench,test}/**/*}.{ts,tsx,js,yaml,json}");
  const named = sources
    .filter((file) => !file.startsWith("test/docs/"))
    .flatMap((file) => (read(file) ?? "").match(/\bdocs\/[a-z/-]+\.md\b/g) ?? []);
  expect(named.length).toBeGreaterThan(0);
  expect([...new Set(named)].filter((page) => read(page) === null)).toEqual([]);
});
