import { parseArgs } from "node:util";
import { type Language, languages } from "./send/mail.ts";

/** What one may ask of a run. */
export interface BenchOptions {
  /** The suites to run; empty: all. */
  readonly suites: readonly string[];
  /** The candidates of `send` to measure; empty: all. */
  readonly only: readonly string[];
  /** Mails a round in `send`. */
  readonly emails: number;
  /** Rounds in `send`, of which the median counts. */
  readonly rounds: number;
  /** Of the mails in `send`. */
  readonly language: Language;
  /** JSON instead of a table. */
  readonly json: boolean;
}

export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: "string", multiple: true, default: [] },
      emails: { type: "string", default: "3000" },
      rounds: { type: "string", default: "3" },
      language: { type: "string", default: "de" },
      json: { type: "boolean", default: false },
    },
  });
  return {
    suites: positionals,
    only: values.only.flatMap((names) => names.split(",")),
    emails: wholeNumber("emails", values.emails),
    rounds: wholeNumber("rounds", values.rounds),
    language: languageOf(values.language),
    json: values.json,
  };
}

function languageOf(text: string): Language {
  if (text in languages) return text as Language;
  throw new Error(`--language must be one of ${Object.keys(languages).join(", ")}`);
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${name} must be a whole number from 1`);
  return number;
}
