import { describe, expect, it } from "vitest";
import { listProviders } from "../../providers/catalog.ts";
import { rules } from "../explain.ts";
import { stageNames } from "../stage-names.ts";
import { warningFor } from "../warnings.ts";
import { unexplained } from "./any-stage.ts";

const maxTitleLength = 60;
const maxTitleWords = 8;
const maxSentenceWords = 25;

/** Habits that the texts avoid: plain English has a shorter way for each. */
const avoided: readonly RegExp[] = [
  /\bwho(?:m|se)?ever\b/i,
  /\b(?:some|no|every|any)body\b/i,
  /\bso that\b/i,
  /\bby itself\b/i,
  /\bis no (?!longer\b)/i,
  /\bthere (?:is|are) no\b/i,
  /\b(?:takes?|took) (?:no|mail|it)\b/i,
  /\bwhere there\b/i,
  /\bmeanwhile\b/i,
  /\bfrom email\b/,
  /\b(?:cannot|does not|is not|could not)\b/i,
  /\brelay\b/i,
  /\bsign(?:s|ed|ing)?[ -]in\b(?! (?:to Google|at ))/i,
  /\b(?:catalogue|organisation|authoris\w*|colour|behaviour|centre|recognis\w*)\b/i,
];

interface Text {
  readonly code: string;
  readonly title: string;
  readonly explanation: string;
  readonly remedy: string;
}

const relay = { host: "smtp.example.com", tls: "none" } as const;
const warnings: readonly Text[] = [
  warningFor({ stage: "connect", relay, daysLeft: null, deadAddresses: ["192.0.2.1"] }),
  warningFor({ stage: "tls", relay, daysLeft: 3, deadAddresses: [] }),
  warningFor({ stage: "auth", relay, daysLeft: null, deadAddresses: [] }),
].filter((warning) => warning !== null);

const texts: readonly Text[] = [
  ...rules,
  ...rules.flatMap((rule) =>
    rule.pin === undefined
      ? []
      : [
          { ...rule, remedy: rule.pin.helps },
          { ...rule, remedy: rule.pin.isNotEnough },
        ],
  ),
  ...[undefined, 450, 550].map(unexplained),
  ...warnings,
];

const hints = listProviders({ host: "127.0.0.1", port: 1025 }).flatMap(
  ({ id, usernameHint, passwordHint, fromHint, limits }) =>
    [usernameHint, passwordHint, fromHint, limits?.hint ?? null]
      .filter((hint) => hint !== null)
      .map((hint) => ({ id, hint })),
);

function habitsIn(text: string): string[] {
  return avoided.flatMap((habit) => habit.exec(text)?.[0] ?? []);
}

function longSentences(text: string): string[] {
  return text.split(/(?<=[.!?])\s+/).filter((sentence) => wordsIn(sentence) > maxSentenceWords);
}

function wordsIn(text: string): number {
  return text.split(/\s+/).length;
}

describe("the words of explanations", () => {
  it("has explanations to look at", () => {
    expect(warnings).toHaveLength(3);
    expect(texts.length).toBeGreaterThan(150);
  });

  it.each(texts)("of $code have a short title without a full stop", ({ title }) => {
    expect(title.length).toBeLessThanOrEqual(maxTitleLength);
    expect(wordsIn(title)).toBeLessThanOrEqual(maxTitleWords);
    expect(title).toMatch(/^[\p{Lu}i].*[^.!?:]$/u);
  });

  it.each(texts)("of $code are whole sentences of at most 25 words", ({ explanation, remedy }) => {
    for (const text of [explanation, remedy]) {
      // A message comes with its own full stop.
      expect(text).toMatch(/(?:\.|\{message\})$/);
      expect(longSentences(text)).toEqual([]);
    }
  });

  it.each(texts)("of $code are plain", ({ title, explanation, remedy }) => {
    expect(habitsIn(`${title}\n${explanation}\n${remedy}`)).toEqual([]);
  });
});

describe("the words of stages", () => {
  it.each(Object.values(stageNames))("$title continues “Sendwright was …”", ({ title, doing }) => {
    expect(title).not.toMatch(/\.$/);
    expect(doing).toMatch(/^[a-z]+ing\b(?:.*[^.])?$/);
    expect(habitsIn(`${title}\n${doing}`)).toEqual([]);
  });
});

describe("the words of providers", () => {
  it.each(hints)("$id: $hint", ({ hint }) => {
    expect(hint).toMatch(/\.$/);
    expect(longSentences(hint)).toEqual([]);
    expect(habitsIn(hint)).toEqual([]);
  });
});
