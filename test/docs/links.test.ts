import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";
import { anchor } from "../../scripts/docs/markdown.ts";
import { files, proseOf, read, root } from "./markdown.ts";

/** The changelog links to pages as they were when it was written. */
const checked = files.filter((file) => file !== "CHANGELOG.md");

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

it.each(checked)("every link in %s leads somewhere", (file) => {
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
  const grep = ["grep", "-hoE", "docs/[a-z/-]+\\.md", "--", ".", ":!CHANGELOG.md", ":!test/docs"];
  const named = execFileSync("git", grep, { cwd: root, encoding: "utf8" }).trim().split("\n");
  expect([...new Set(named)].filter((page) => read(page) === null)).toEqual([]);
});
