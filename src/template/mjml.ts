import { createRequire } from "node:module";
import type { Engine, ParserError } from "mrml";
import { PosthornError } from "../errors.ts";

let engine: Engine | undefined;

/** Loaded at first use: compiling the WebAssembly takes longer than the rest of a start. */
function mrml(): Engine {
  if (engine === undefined) {
    const { Engine } = createRequire(import.meta.url)("mrml") as typeof import("mrml");
    engine = new Engine();
    engine.setParserOptions({ includeLoader: { type: "noop" } });
  }
  return engine;
}

/**
 * Compiles MJML to HTML. Liquid passes through untouched. Includes are refused: there is no file to read.
 * @throws PosthornError `template.invalid`, with line and column where the compiler knows them.
 */
export function compileMjml(mjml: string): string {
  const { masked, unmask } = maskLiquid(mjml);
  const result = mrml().toHtml(masked);
  if (result.type === "success") return unmask(result.content);
  const place = (byteOffset: number) => lineAndColumn(unmask(before(masked, byteOffset)));
  const message =
    result.origin === "parser"
      ? parserMessage(result.details, place)
      : `cannot be laid out: ${result.message}`;
  throw new PosthornError("template.invalid", `The MJML of the template ${message}.`);
}

/**
 * Puts a word in the place of each piece of Liquid while the compiler runs: `<` in a comparison would
 * open an element, and quotes are rewritten where the compiler repeats a text as an attribute.
 */
function maskLiquid(mjml: string): { masked: string; unmask: (text: string) => string } {
  let word = "liquid";
  while (mjml.includes(word)) word += "x";
  const pieces: string[] = [];
  const masked = mjml.replace(/\{\{.*?\}\}|\{%.*?%\}/gs, (piece) => `${word}${pieces.push(piece) - 1}_`);
  const words = new RegExp(`${word}(\\d+)_`, "g");
  return { masked, unmask: (text) => text.replace(words, (_, index) => pieces[Number(index)] ?? "") };
}

function parserMessage(error: ParserError, place: (byteOffset: number) => string): string {
  switch (error.type) {
    case "unexpected-element":
      return `has an element out of place at ${place(error.position.start)}`;
    case "unexpected-token":
      return `cannot be read at ${place(error.position.start)}`;
    case "missing-attribute":
      return `lacks the attribute "${error.name}" at ${place(error.position.start)}`;
    case "invalid-attribute":
      return `has an invalid attribute at ${place(error.position.start)}`;
    case "invalid-format":
      return `is malformed at ${place(error.position.start)}`;
    case "include-loader-error":
      return `includes a file at ${place(error.position.start)}; includes are not supported`;
    case "end-of-stream":
      return "ends before all elements are closed";
    case "size-limit":
      return "is too large";
    case "parser-error":
      return `cannot be read: ${error.source}`;
    case "no-root-node":
      return "has no <mjml> element";
  }
}

/** The compiler counts in bytes of UTF-8. */
function before(text: string, byteOffset: number): string {
  return Buffer.from(text).subarray(0, byteOffset).toString();
}

/** People count lines and columns from 1. */
function lineAndColumn(textBefore: string): string {
  const lines = textBefore.split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
