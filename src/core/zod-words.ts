import type { z } from "zod";

type ZodIssue = z.core.$ZodIssue;

/** How the messages begin that zod writes unless a schema brings its own. */
const libraryText = /^(?:Invalid|Too (?:big|small)|Unrecognized)\b/;
/** Of a list of allowed values, as many are named. */
const maxValues = 40;

/** What a value must be, by zod's name of its type. */
const types: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  bigint: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  set: "a list",
  object: "an object",
  record: "an object",
  map: "an object",
  null: "null",
  date: "a date",
  file: "a file",
  function: "a function",
};

/** What a text must be, by zod's name of its format. */
const formats: Readonly<Record<string, string>> = {
  email: "an email address",
  url: "a URL",
  uuid: "a UUID",
  guid: "a UUID",
  datetime: "an RFC 3339 time, such as 2026-06-01T12:00:00Z",
  date: "a date, such as 2026-06-01",
  time: "a time, such as 12:00:00",
  duration: "an ISO 8601 duration, such as PT1H",
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  cidrv4: "an IPv4 network, such as 192.0.2.0/24",
  cidrv6: "an IPv6 network, such as 2001:db8::/32",
  base64: "base64 (RFC 4648 §4)",
  base64url: "base64url (RFC 4648 §5)",
  json_string: "JSON",
};

/**
 * What is wrong with a field, as a fragment that follows its name: `is required`, `must be text`.
 * @param value what the field holds; undefined if it is missing.
 */
export function fieldError(issue: ZodIssue, value: unknown): string {
  if (!libraryText.test(issue.message)) return issue.message;
  const isMissing = value === undefined && issue.path.length > 0;
  switch (issue.code) {
    case "invalid_type":
      if (issue.expected === "never" || issue.expected === "undefined") return "must be left out";
      return isMissing ? "is required" : `must be ${typeOf(issue.expected)}`;
    case "invalid_value":
      return isMissing ? "is required" : oneOf(issue.values);
    case "invalid_union":
      return isMissing ? "is required" : alternatives(issue);
    case "too_small":
    case "too_big":
      return outsideLimit(issue);
    case "invalid_format":
      return wrongFormat(issue as z.core.$ZodStringFormatIssues);
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return "unknown field";
    case "invalid_key":
      return "is not an allowed field name";
    case "invalid_element":
      return "has an entry that is not allowed";
    case "custom":
      return "is not valid";
  }
}

function typeOf(name: string): string {
  return types[name] ?? "of another type";
}

function oneOf(values: readonly z.core.util.Primitive[]): string {
  const names = values.slice(0, maxValues).map((value) => (value === "" ? '""' : String(value)));
  return names.length === 1 ? `must be ${names[0]}` : `must be one of ${names.join(", ")}`;
}

function alternatives(issue: z.core.$ZodIssueInvalidUnion): string {
  if ("options" in issue && issue.options !== undefined && issue.options.length > 0)
    return oneOf(issue.options);
  const expected = issue.errors.flatMap(([first]) =>
    first?.code === "invalid_type" && first.path.length === 0 ? [typeOf(first.expected)] : [],
  );
  const names = [...new Set(expected)];
  return names.length === 0 ? "is not valid" : `must be ${names.join(" or ")}`;
}

/** The unit of a size, by what has it; a number has none. */
const units: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ["character", "characters"],
  array: ["item", "items"],
  set: ["item", "items"],
  map: ["entry", "entries"],
  file: ["byte", "bytes"],
};

function outsideLimit(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [limit, inclusive, exclusive] =
    issue.code === "too_small"
      ? [issue.minimum, "or more", "more than"]
      : [issue.maximum, "or less", "less than"];
  const unit = units[issue.origin];
  if (unit !== undefined) {
    const size = `${limit} ${Number(limit) === 1 ? unit[0] : unit[1]}`;
    if (issue.exact === true) return `must have exactly ${size}`;
    return issue.code === "too_small" ? `must have ${size} or more` : `must have at most ${size}`;
  }
  const shown = issue.origin === "date" ? new Date(Number(limit)).toISOString() : String(limit);
  return issue.inclusive === false ? `must be ${exclusive} ${shown}` : `must be ${shown} ${inclusive}`;
}

function wrongFormat(issue: z.core.$ZodStringFormatIssues): string {
  switch (issue.format) {
    case "regex":
      return `must match ${issue.pattern}`;
    case "starts_with":
      return `must start with ${issue.prefix}`;
    case "ends_with":
      return `must end with ${issue.suffix}`;
    case "includes":
      return `must contain ${issue.includes}`;
    default:
      return `must be ${formats[issue.format] ?? `a valid ${issue.format.replaceAll("_", " ")}`}`;
  }
}
