import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "vitest/node";
import { type Area, areaOfPath, type Context, isRead } from "./areas.ts";
import { wordCount } from "./habits.ts";

/** A text that a reader meets, as the source has it; `{name}` is where a value goes. */
export interface Words {
  readonly area: Area;
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

const root = join(import.meta.dirname, "../..");
const logLevels = ["trace", "debug", "info", "warn", "error", "fatal"];
const translations = ["de", "fr", "es", "ja"];
/** Errors that only a programmer meets. */
const internalErrors = ["Error", "TypeError", "RangeError", "SyntaxError", "AssertionError"];
/** JSX attributes that people read. */
const readAttributes = ["label", "title", "placeholder", "alt", "aria-label", "description", "hint", "error"];
/** Text in SQL, SMTP, HTTP, MIME, CSS and markup. */
const codeShapes = [
  /^(?:select|insert|update|delete|create|alter|drop|with|pragma|begin|set|on) [^.]*$/i,
  /^(?:listen|release|rollback|savepoint) /,
  /^(?:AUTH|EHLO|HELO|MAIL FROM:|RCPT TO:|HTTP\/|[A-Z][\w-]+: [\w/{<]+[^ ]*(?:;|\n|\r))/,
  /^(?:text|application|multipart)\/|^attachment;|^[\w-]+-src |max-age=|^\d+px /,
  /^<[a-z!/]|^\{(?:%|\{|\}|\s|")|=>|^[\w-]+: [\w-]+;|\bfrom ["(]|^https?:/,
];
/** TypeScript's nodes that hold an expression; all others are types. */
const wrappers = ["TSAsExpression", "TSSatisfiesExpression", "TSNonNullExpression"];

/** All texts of the product, in the order of its files. */
export function allWords(): Words[] {
  const files = globSync(["src/**/*.ts", "admin/src/**/*.{ts,tsx}"], { cwd: root }).sort();
  return files.filter(isRead).flatMap((file) => wordsOf(file, readFileSync(join(root, file), "utf8")));
}

/** The texts of one file. */
export function wordsOf(file: string, source: string): Words[] {
  const found: Words[] = [];
  const lineOf = (offset: number) => source.slice(0, offset).split("\n").length;
  const add = (node: Node, text: string, context: Context | null) => {
    if (context === null && !isProse(text, file)) return;
    if (!/\p{L}/u.test(text)) return;
    found.push({ area: areaOfPath(file, context), text, file, line: lineOf(node.start) });
  };
  function visitAll(nodes: readonly unknown[], context: Context | null): void {
    for (const node of nodes) visit(node, context);
  }

  const ignore = () => undefined;
  const visitors: Record<string, (node: Node, context: Context | null) => void> = {
    ImportDeclaration: ignore,
    ExportAllDeclaration: ignore,
    ImportExpression: ignore,
    Literal: (node, context) => typeof node.value === "string" && add(node, node.value, context),
    TemplateLiteral: (node, context) => {
      add(node, textOf(node), context);
      visit(node.expressions, null);
    },
    TaggedTemplateExpression: (node) => visit((node.quasi as Node).expressions, null),
    BinaryExpression: (node, context) => {
      if (node.operator !== "+") return;
      if (isText(node)) add(node, textOf(node), context);
      else visitAll([node.left, node.right], context);
    },
    LogicalExpression: (node, context) => visitAll([node.left, node.right], context),
    ConditionalExpression: (node, context) => {
      visit(node.test, null);
      visitAll([node.consequent, node.alternate], context);
    },
    JSXText: (node) => add(node, String(node.value).replaceAll(/\s+/g, " ").trim(), "page"),
    JSXAttribute: visitAttribute,
    Property: visitProperty,
    NewExpression: visitNew,
    CallExpression: visitCall,
  };

  function visit(value: unknown, context: Context | null): void {
    if (Array.isArray(value)) visitAll(value, context);
    if (!isNode(value) || (value.type.startsWith("TS") && !wrappers.includes(value.type))) return;
    const visitor = visitors[value.type];
    if (visitor !== undefined) visitor(value, context);
    else for (const child of Object.values(value)) visit(child, null);
  }

  function visitAttribute(node: Node) {
    const name = nameOf(node.name as Node);
    const { value } = node;
    if (isNode(value) && value.type === "Literal") {
      if (readAttributes.includes(name)) visit(value, "page");
    } else visit(value, null);
  }

  function visitProperty(node: Node, context: Context | null) {
    const key = nameOf(node.key as Node);
    if (translations.includes(key) && file.startsWith("src/")) visitTranslation(node.value);
    else if (key === "title" && file === "src/http/problem.ts") visit(node.value, "problem");
    else if ((key === "summary" || key === "description") && file.startsWith("src/http/"))
      visit(node.value, key === "summary" ? "summary" : "description");
    else visit(node.value, context === "page" ? context : null);
  }

  function visitTranslation(value: unknown) {
    const start = found.length;
    visit(value, null);
    for (let at = start; at < found.length; at += 1) {
      const words = found[at];
      if (words !== undefined) found[at] = { ...words, area: "translations" };
    }
  }

  function visitNew(node: Node) {
    const name = nameOf(node.callee as Node);
    if (internalErrors.includes(name)) return;
    const [code, message, ...rest] = node.arguments as readonly unknown[];
    visitAll([code, ...rest], null);
    visit(message, name === "SendwrightError" ? "error" : null);
  }

  function visitCall(node: Node, context: Context | null) {
    const callee = node.callee as Node;
    const args = node.arguments as readonly unknown[];
    const name = nameOf(callee);
    visit(callee, null);
    const isLog =
      callee.type === "MemberExpression" &&
      /log$/i.test(nameOf(callee.object as Node)) &&
      logLevels.includes(name);
    for (const [index, arg] of args.entries()) {
      const isObject = isNode(arg) && arg.type === "ObjectExpression";
      if (isLog) visit(arg, isObject ? null : "log");
      else if (name === "describe") visit(arg, "description");
      else if (name === "json" && index === 1 && file.startsWith("src/http/resources/"))
        visit(arg, "description");
      else visit(arg, isObject || context === "error" ? null : context);
    }
  }

  visit(parseAst(source, { lang: file.endsWith("x") ? "tsx" : "ts" }), null);
  return found;
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string"
  );
}

/** The last name in an expression: of a function its own, of a member that of the property. */
function nameOf(node: Node): string {
  switch (node.type) {
    case "Identifier":
    case "PrivateIdentifier":
    case "JSXIdentifier":
      return String(node.name);
    case "Literal":
      return String(node.value);
    case "MemberExpression":
      return nameOf(node.property as Node);
    case "CallExpression":
      return nameOf(node.callee as Node);
    case "ChainExpression":
    case "TSNonNullExpression":
      return nameOf(node.expression as Node);
    default:
      return "…";
  }
}

/** True for a string, a template, or a sum with one of them. */
function isText(node: Node): boolean {
  if (node.type === "TemplateLiteral") return true;
  if (node.type === "Literal") return typeof node.value === "string";
  return node.type === "BinaryExpression" && (isText(node.left as Node) || isText(node.right as Node));
}

function textOf(node: Node): string {
  if (node.type === "Literal") return String(node.value);
  if (node.type === "BinaryExpression") return textOf(node.left as Node) + textOf(node.right as Node);
  if (node.type !== "TemplateLiteral") return `{${nameOf(node)}}`;
  const quasis = node.quasis as readonly { readonly value: { readonly cooked: string } }[];
  const values = (node.expressions as readonly Node[]).map((value) => `{${nameOf(value)}}`);
  return quasis.map(({ value }, index) => value.cooked + (values[index] ?? "")).join("");
}

/** True for what looks like words and not like code; every string of the pages' `strings.ts` is words. */
function isProse(text: string, file: string): boolean {
  if (/^admin\/src\/(?:.*\/)?strings\.ts$/.test(file)) return true;
  if (codeShapes.some((shape) => shape.test(text))) return false;
  // A list of names, such as elements of HTML.
  const isList =
    wordCount(text) > 5 && !/[.,:;?!]|\b(?:an?|the|is|of|to|in|for|and|or|by|with)\b/i.test(text);
  const words = text.replaceAll(/\{[^{}]*\}/g, "X").trim();
  return !isList && /[\p{L}\d`"”)’',:.;] +[\p{L}("“`]/u.test(words) && /\p{Ll}{2}/u.test(words);
}
