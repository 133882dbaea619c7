import type { RemoteTemplate } from "./api.ts";

type Schema = Readonly<Record<string, unknown>>;

/** TypeScript that tells the compiler of an application which data its own templates take. */
export function typesOf(
  templates: readonly Pick<RemoteTemplate, "name" | "description" | "schema">[],
): string {
  const members = templates.map(
    ({ name, description, schema }) => `${comment(description, 4)}    ${key(name)}: ${typeOf(schema, 4)};\n`,
  );
  return `// Made by: sendwright templates types
import "sendwright";

declare module "sendwright" {
  interface TemplateData {
${members.join("")}  }
}
`;
}

function typeOf(schema: Schema, indent: number): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  switch (schema.type) {
    case "string":
    case "boolean":
      return schema.type;
    case "number":
    case "integer":
      return "number";
    case "array": {
      const item = typeOf(asSchema(schema.items), indent);
      return item.includes(" | ") && !item.startsWith("{") ? `(${item})[]` : `${item}[]`;
    }
    case "object":
      return objectType(schema, indent);
    default:
      return "unknown";
  }
}

function objectType(schema: Schema, indent: number): string {
  const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
  const members = Object.entries(asSchema(schema.properties)).map(([name, field]) => {
    const member = asSchema(field);
    const optional = required.includes(name) ? "" : "?";
    const type = typeOf(member, indent + 2);
    return `${comment(member.description, indent + 2)}${" ".repeat(indent + 2)}${key(name)}${optional}: ${type};\n`;
  });
  return members.length === 0 ? "Record<string, never>" : `{\n${members.join("")}${" ".repeat(indent)}}`;
}

function comment(text: unknown, indent: number): string {
  if (typeof text !== "string" || text === "") return "";
  // Whoever writes a description writes no code with it.
  const safe = text.replaceAll("*/", "* /").replace(/\s+/g, " ");
  return `${" ".repeat(indent)}/** ${safe} */\n`;
}

function key(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

function asSchema(value: unknown): Schema {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
