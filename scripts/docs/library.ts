import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Page, page } from "./markdown.ts";

const sources = join(import.meta.dirname, "../../src");

/** What the page shows, each from the file that declares it. */
const shown: readonly (readonly [file: string, name: string])[] = [
  ["library.ts", "createSendwright"],
  ["library.ts", "CreateOptions"],
  ["services.ts", "ServicesOptions"],
  ["library.ts", "Sendwright"],
  ["emails/idempotency.ts", "Accepted"],
  ["http/handler.ts", "HandlerOptions"],
  ["http/host-admin.ts", "HostAdmin"],
  ["http/host-admin.ts", "HostAnswer"],
  ["core/errors.ts", "SendwrightError"],
  ["core/errors.ts", "Issue"],
  ["core/errors.ts", "isSendwrightError"],
  ["core/clock.ts", "Clock"],
];

export function libraryPage(): Page {
  return page("reference/library.md", "src/index.ts and what it exports", "Types of the library", [
    "These are the types of `sendwright`, from its sources. [Use Sendwright as a library](../start/library.md) shows them in use. `send()` takes the [fields of an email](email-fields.md); content of attachments may be bytes there, and times a `Date`.",
    ...shown.flatMap(([file, name]) => [
      `## ${name}`,
      `\`\`\`typescript\n${declarationOf(file, name)}\n\`\`\``,
    ]),
  ]);
}

/** The declaration with its comment. Of a class and a function, what callers see: no bodies, no private fields. */
function declarationOf(file: string, name: string): string {
  const text = readFileSync(join(sources, file), "utf8");
  const found = new RegExp(
    `((?:/\\*\\*(?:(?!\\*/)[^])*\\*/\\n)?)export (?:async )?(interface|type|class|function) ${name}\\b[^]*?(?=\\n\\n(?:/\\*\\*|export|const|function|type|interface)|$(?![^]))`,
  ).exec(text);
  if (found === null) throw new Error(`src/${file} declares no ${name}`);
  const [whole, comment = "", kind] = found;
  const code = whole.slice(comment.length).trimEnd();
  if (kind === "function") return `${comment}${code.slice(0, code.search(/ \{\n/))};`;
  if (kind !== "class") return comment + code;
  const publicLines = code.split("\n").filter((line) => /^ {2}(?:override )?readonly /.test(line));
  return `${comment}${code.split("\n")[0]}\n${publicLines.join("\n")}\n}`;
}
