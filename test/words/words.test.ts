import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Area } from "./areas.ts";
import { allWords, type Words, wordsOf } from "./collect.ts";
import { faultsOf, wordCount } from "./habits.ts";

/** In emails to its customers, a brand says we. */
const ofBrands = ["src/templates/builtin/order-words.ts", "src/templates/builtin/sign-in-code.ts"];

const all = allWords();
const areas = [...new Set(all.map(({ area }) => area))].sort();
const checked = all.filter(({ file, area }) => area !== "translations" && !ofBrands.includes(file));

/** One line for each fault: where, what, and what to write. */
function listed(words: readonly Words[], faults: (text: string) => readonly string[]): string[] {
  return words.flatMap(({ file, line, text }) =>
    faults(text).map((fault) => `${file}:${line} ${JSON.stringify(text)}: ${fault}`),
  );
}

const inArea = (...names: readonly Area[]) => checked.filter(({ area }) => names.includes(area));

describe("the words of the product", () => {
  test.each(areas)("%s: a change of words is seen in its list", async (area) => {
    const texts = new Set(
      all.filter((words) => words.area === area).map(({ text }) => text.replaceAll("\n", "\\n")),
    );
    await expect(`${[...texts].sort().join("\n")}\n`).toMatchFileSnapshot(
      join(import.meta.dirname, `${area}.txt`),
    );
  });

  test.each(areas.filter((area) => area !== "translations"))("%s: the words follow the guide", (area) => {
    expect(listed(inArea(area), faultsOf)).toEqual([]);
  });

  test("a log message has eight words at most, begins small and has no full stop", () => {
    const faults = (text: string) => [
      ...(wordCount(text) > 8 ? [`${wordCount(text)} words`] : []),
      ...(text.endsWith(".") ? ["full stop"] : []),
      ...(/^[A-Z][a-z]/.test(text) && !/^(?:Sendwright|Kubernetes|PostgreSQL)\b/.test(text)
        ? ["capital"]
        : []),
    ];
    expect(listed(inArea("logs"), faults)).toEqual([]);
  });

  test("the title of a problem has six words at most and no full stop", () => {
    const faults = (text: string) => [
      ...(wordCount(text) > 6 ? [`${wordCount(text)} words`] : []),
      ...(text.endsWith(".") ? ["full stop"] : []),
    ];
    expect(listed(inArea("problems"), faults)).toEqual([]);
  });

  test("logs and the API reference have no contractions", () => {
    const faults = (text: string) =>
      /\b(?:can|do|does|is|are|has|have|wo|did|was|were)n?['’]t\b|\b(?:it|there|that)['’]s\b/i.test(text)
        ? ["contraction"]
        : [];
    expect(listed(inArea("logs", "openapi"), faults)).toEqual([]);
  });
});

describe("the collection", () => {
  test("finds the words of errors, logs, descriptions and pages, and no others", () => {
    const source = `
      import { a } from "some other place";
      if (kind === "not a text") throw new SendwrightError("input.invalid", \`\${field.name} is required.\`);
      throw new TypeError("only for programmers");
      this.#log.warn({ state: "queued" }, ok ? "email sent" : "email failed");
      z.string().min(1, "must have 1 character or more").describe("Name");
      sql\`select x from y\`;
      const words: "a type of text" = "Saved. " + count + " emails";
    `;
    expect(wordsOf("src/emails/x.ts", source).map(({ area, text }) => `${area}: ${text}`)).toEqual([
      "errors: {name} is required.",
      "logs: email sent",
      "logs: email failed",
      "errors: must have 1 character or more",
      "openapi: Name",
      "errors: Saved. {count} emails",
    ]);
    expect(
      wordsOf("admin/src/x.tsx", `<b className="a b c" label="Name">Save it</b>`).map(({ text }) => text),
    ).toEqual(["Name", "Save it"]);
  });

  test("faults are found in words and not in code", () => {
    expect(faultsOf("The relay takes no mail.")).toHaveLength(2);
    expect(faultsOf("Send `take` to smtp-relay.gmail.com.")).toEqual([]);
    expect(faultsOf("Choose a colour.")).toEqual(["“colour” → American spelling; cancelled has two l"]);
  });
});
