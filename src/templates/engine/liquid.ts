import {
  Context,
  Liquid,
  LiquidError,
  type Template as LiquidNode,
  type Token,
  tags,
  UndefinedVariableError,
  type Variable,
} from "liquidjs";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import { invalidInput } from "../../core/parse.ts";
import { ownFilters } from "./filters.ts";

/** The one list of tags: nothing that reads another template, prints unescaped or changes the data. */
const allowedTags: ReadonlySet<string> = new Set("assign capture case comment # for if unless".split(" "));

/** The one list of filters: no `raw`, nothing that evaluates text as code, nothing that multiplies its input. */
const allowedFilters: ReadonlySet<string> = new Set(
  [
    "abs at_least at_most ceil divided_by floor minus modulo plus round times",
    "append capitalize downcase lstrip prepend rstrip slice split strip truncate truncatewords upcase url_encode",
    "compact concat first join last map reverse size sort sum uniq where",
    "default",
  ].flatMap((names) => names.split(" ")),
);

/** Far past what a mail program shows: Gmail clips a message at 102 kB. */
export const maxTemplateCharacters = 128 * 1024;
const maxOutputCharacters = 256 * 1024;
const maxResultCharacters = 1024 * 1024;
const maxAllocations = 200_000;
const renderLimitMs = 50;

/** What a value is written as: `html` escapes it, `text` leaves it, `line` also refuses line breaks. */
export type OutputMode = "html" | "text" | "line";

export interface Scope {
  readonly data: Readonly<Record<string, unknown>>;
  /** Names that templates see beside the data, and before it; `locale` also steers the filters. */
  readonly globals: Readonly<Record<string, unknown>> & { readonly locale: string };
  /** One limit for several renderings; each has its own unless given. */
  readonly timeLimit?: TimeLimit;
}

/** A name that a source asks its data for, such as `order.total`. */
export interface LiquidName {
  /** As far as it is written out: `items[0].name` is `["items", 0, "name"]`. */
  readonly path: readonly (string | number)[];
  readonly line: number;
  readonly column: number;
}

/** A parsed Liquid source. */
export interface LiquidTemplate {
  render(scope: Scope): string;
  /** The names that it does not set itself, in branches too that the data at hand does not take. */
  names(): readonly LiquidName[];
  /** The names that it sets. */
  assigned(): readonly string[];
}

/**
 * Parses Liquid. What comes back cannot read files, prototypes or other templates, and stops after
 * 50 ms, 1 MB of output or 200,000 characters and list entries made on the way.
 * @param part what the source is, for messages: `subject`, `mjml`, `text`.
 * @throws SendwrightError `template.invalid` with line and column. Its `render` throws `input.invalid`
 * for a value that is missing or does not fit, else `template.invalid`.
 */
export function parseLiquid(source: string, mode: OutputMode, part: string): LiquidTemplate {
  const engine = engines[mode];
  const nodes = guarded(part, () => engine.parse(source));
  return {
    render: (scope) => guarded(part, () => renderNodes(engine, nodes, scope, mode)),
    names: () => Object.values(engine.analyzeSync(nodes).globals).flat().map(nameOf),
    assigned: () => Object.keys(engine.analyzeSync(nodes).locals),
  };
}

function nameOf({ segments, location }: Variable): LiquidName {
  const end = segments.findIndex((segment) => typeof segment === "object");
  const path = (end < 0 ? segments : segments.slice(0, end)) as (string | number)[];
  return { path, line: location.row, column: location.col };
}

const engines: Readonly<Record<OutputMode, Liquid>> = {
  html: createEngine((value) => escapeHtml(printable(value))),
  text: createEngine(printable),
  line: createEngine(singleLine),
};

function createEngine(outputEscape: (value: unknown) => string): Liquid {
  const engine = new Liquid({
    outputEscape,
    ownPropertyOnly: true,
    strictVariables: true,
    lenientIf: true,
    strictFilters: true,
    templates: {},
    parseLimit: maxTemplateCharacters,
    memoryLimit: maxAllocations,
  });
  for (const name of Object.keys(tags)) if (!allowedTags.has(name)) delete engine.tags[name];
  for (const name of Object.keys(engine.filters)) if (!allowedFilters.has(name)) delete engine.filters[name];
  for (const [name, filter] of Object.entries(ownFilters)) engine.registerFilter(name, filter);
  return engine;
}

function renderNodes(
  engine: Liquid,
  nodes: LiquidNode[],
  { data, globals, timeLimit = startTimeLimit() }: Scope,
  mode: OutputMode,
): string {
  // Without a prototype, names such as `constructor` are as unknown as any other.
  const scope: object = Object.assign(Object.create(null), data, globals);
  const context = new Context(scope, engine.options, { globals, sync: true }, { liquid: engine });
  context.renderLimit.check = timeLimit;
  const rendered: unknown = engine.renderSync(nodes, context);
  const result = String(rendered);
  if (result.length > maxResultCharacters) {
    throw new Error(`it makes more than ${maxResultCharacters} characters`);
  }
  // A template may be written on several lines where its result is one.
  return mode === "line" ? singleLine(result.replace(/\s*\n\s*/g, " ")) : result;
}

/** Throws once the time is over; called with the time of `performance.now()`. */
export type TimeLimit = (now: number) => void;

/**
 * Checked before each node. The limit is on work: the clock on the wall says when to look, but what a
 * busy machine gave to others is not counted, since an email must not be refused for that.
 */
export function startTimeLimit(): TimeLimit {
  const start = workedMsAbout();
  let nextLook = performance.now() + renderLimitMs;
  return (now) => {
    if (now <= nextLook) return;
    const workedMs = workedMsNow() - start;
    if (workedMs >= renderLimitMs) throw new Error(`it takes longer than ${renderLimitMs} ms`);
    nextLook = now + renderLimitMs - workedMs;
  };
}

/** How far behind the start of a rendering may be: asking the system costs more than rendering a tag. */
const startToleranceMs = 5;
let lastAsked = { at: Number.NEGATIVE_INFINITY, workedMs: 0 };

function workedMsAbout(): number {
  const at = performance.now();
  if (at > lastAsked.at + startToleranceMs) lastAsked = { at, workedMs: workedMsNow() };
  return lastAsked.workedMs;
}

/** What this thread has worked, or where Node.js cannot tell (before 23.9), the process. */
function workedMsNow(): number {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
}

function printable(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "object") throw new Error("it prints a list or an object; name one of its fields");
  const text = String(value);
  if (text.length > maxOutputCharacters) throw new Error("it prints a value that is too long");
  return text;
}

/** A subject becomes a header field: a line break would begin another one (RFC 5322 §2.2). */
function singleLine(value: unknown): string {
  const text = printable(value);
  if (/[\p{Cc}\u2028\u2029]/u.test(text)) {
    throw invalidInput([
      { pointer: "/data", detail: "a value in the subject contains a line break or control character" },
    ]);
  }
  return text;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (character) => entities[character] ?? "") : text;
}

function guarded<Result>(part: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw explained(part, error);
  }
}

function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && /call stack/.test(error.message);
}

function explained(part: string, error: unknown): unknown {
  if (isSendwrightError(error)) return error;
  const { originalError, token } = error instanceof LiquidError ? describe(error) : {};
  if (isSendwrightError(originalError)) return originalError;
  if (error instanceof UndefinedVariableError) {
    const name = /undefined variable: (.*?)(?:, line:|$)/.exec(error.message)?.[1] ?? "";
    const missing = {
      pointer: `/data/${name.replaceAll(".", "/")}`,
      detail: "is required by the template",
    };
    return invalidInput([missing], placeOf(token));
  }
  const reason = isStackOverflow(originalError ?? error)
    ? "its tags are nested too deeply"
    : originalError instanceof Error
      ? originalError.message
      : error instanceof Error
        ? error.message
        : "";
  const hint = reason.includes('tag "render" not found') ? `; ${renderHint}` : "";
  const place = placeOf(token);
  const at = place === undefined ? "" : ` at line ${place.line}, column ${place.column}`;
  const message = `The ${part} of the template failed${at}: ${reason.replace(/, line:\d+, col:\d+$/, "")}${hint}.`;
  return new SendwrightError("template.invalid", message, {
    cause: error,
    ...(place === undefined ? {} : { place }),
  });
}

function placeOf(token: Token | undefined): { readonly line: number; readonly column: number } | undefined {
  const [line, column] = token?.getPosition() ?? [];
  return line === undefined || column === undefined ? undefined : { line, column };
}

const renderHint = 'call a partial in MJML or text by its name only, as in {% render "signature" %}';

/** liquidjs keeps these on the error without declaring them. */
function describe(error: LiquidError): { originalError?: unknown; token?: Token } {
  return error as unknown as { originalError?: unknown; token?: Token };
}
