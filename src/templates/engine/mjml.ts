import { createRequire } from "node:module";
import type { Engine, ParserError, ToHtmlResult } from "mrml";
import { SendwrightError } from "../../core/errors.ts";
import { type Place, placeAfter, placeIn } from "./place.ts";

const require = createRequire(import.meta.url);
let engine: Engine | undefined;

/** Loaded at first use: the WebAssembly takes longer to load than the rest of a start. */
function loadEngine(): Engine {
  const { Engine } = require("mrml") as typeof import("mrml");
  const loaded = new Engine();
  loaded.setParserOptions({ includeLoader: { type: "noop" } });
  // By default it links web fonts: every reader's mail program would call on a third party.
  loaded.setRenderOptions({ disableComments: false, socialIconOrigin: null, fonts: {} });
  return loaded;
}

/** Elements nested a thousand deep overflow the stack of the WebAssembly: its memory cannot be trusted then. */
function unloadEngine(lost: Engine | undefined): void {
  engine = undefined;
  delete require.cache[require.resolve("mrml")];
  try {
    // Else the garbage collector would free it later, in that memory, and end the process by the trap.
    lost?.free();
  } catch {
    // The trap, where it does no harm.
  }
}

/**
 * Compiles MJML to HTML. Liquid passes through untouched. Includes are refused: there is no file to read.
 * @param authorStart where the author's own begins, in what stands on the author's first line.
 * @throws SendwrightError `template.invalid`, with line and column where the compiler knows them.
 */
export function compileMjml(mjml: string, authorStart = 0): string {
  const { masked, unmask } = maskLiquid(mjml);
  const result = toHtml(masked);
  if (result.type === "success") return unmask(result.content);
  let at: Place | undefined;
  const place = (textBefore: string) => {
    const before = unmask(textBefore).slice(authorStart);
    at = placeIn(before);
    return placeAfter(before);
  };
  const message =
    result.origin === "parser"
      ? parserMessage(result.details, masked, place)
      : `can't be laid out: ${result.message}`;
  const details = at === undefined ? {} : { place: at };
  throw new SendwrightError("template.invalid", `The MJML of the template ${message}.`, details);
}

function toHtml(mjml: string): ToHtmlResult {
  try {
    engine ??= loadEngine();
    return engine.toHtml(mjml);
  } catch (cause) {
    unloadEngine(engine);
    const message = "The MJML of the template is nested too deeply. Nest its elements less deeply.";
    throw new SendwrightError("template.invalid", message, { cause });
  }
}

/**
 * Puts a word in the place of each piece of Liquid while the compiler runs: `<` in a comparison would
 * open an element, and quotes are rewritten where the compiler repeats a text as an attribute.
 */
function maskLiquid(mjml: string): { masked: string; unmask: (text: string) => string } {
  const taken = mjml.match(/liquidx*/g) ?? [];
  const word = `liquid${"x".repeat(Math.max(0, ...taken.map((found) => found.length - "liquid".length + 1)))}`;
  const pieces: string[] = [];
  const masked = mjml.replace(/\{\{.*?\}\}|\{%.*?%\}/gs, (piece) => `${word}${pieces.push(piece) - 1}_`);
  const words = new RegExp(`${word}(\\d+)_`, "g");
  return { masked, unmask: (text) => text.replace(words, (_, index) => pieces[Number(index)] ?? "") };
}

function parserMessage(error: ParserError, mjml: string, after: (textBefore: string) => string): string {
  // The compiler counts in bytes of UTF-8, its XML reader in lines and columns.
  const place = (byteOffset: number) => after(Buffer.from(mjml).subarray(0, byteOffset).toString());
  const placeAt = (_: string, line: string, column: string) => after(textBefore(mjml, line, column));
  switch (error.type) {
    case "unexpected-element":
      return `has an element out of place at ${place(error.position.start)}`;
    case "unexpected-token":
      return `can't be read at ${place(error.position.start)}`;
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
      return `can't be read: ${error.source.replace(/(\d+):(\d+)/, placeAt)}`;
    case "no-root-node":
      return "has no <mjml> element";
  }
}

function textBefore(text: string, line: string, column: string): string {
  const lines = text.split("\n").slice(0, Number(line));
  const last = lines.pop() ?? "";
  return [...lines, last.slice(0, Number(column) - 1)].join("\n");
}
