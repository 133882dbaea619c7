// The pages of docs/ that follow from code: `node scripts/docs.ts` writes them, with `--check` it names those that
// are not current. Each page has a file in scripts/docs/ that makes it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandPage } from "./docs/commands.ts";
import { errorPage } from "./docs/errors.ts";
import { eventPage } from "./docs/events.ts";
import { libraryPage } from "./docs/library.ts";
import type { Page } from "./docs/markdown.ts";
import { metricPage } from "./docs/metrics.ts";
import { providerPage } from "./docs/providers.ts";
import { replyPage } from "./docs/replies.ts";
import { emailFieldPage, routePage } from "./docs/routes.ts";
import { templatePage } from "./docs/templates.ts";
import { variablePage } from "./docs/variables.ts";

const folder = join(import.meta.dirname, "../docs");
const isCheck = process.argv.includes("--check");

const pages: readonly Page[] = await Promise.all([
  variablePage(),
  commandPage(),
  errorPage(),
  replyPage(),
  eventPage(),
  metricPage(),
  routePage(),
  emailFieldPage(),
  libraryPage(),
  templatePage(),
  providerPage(),
]);

const stale = pages.filter(({ path, text }) => textOf(join(folder, path)) !== text);
for (const { path, text } of stale) {
  if (!isCheck) writeFileSync(join(folder, path), text);
  console.log(isCheck ? `docs/${path} is not current: node scripts/docs.ts` : `Wrote docs/${path}`);
}
if (isCheck && stale.length > 0) process.exitCode = 1;
if (stale.length === 0) console.log(`${pages.length} pages are current.`);

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
