import { builtinTemplates } from "../../src/templates/builtin/templates.ts";
import { schemaOf } from "../../src/templates/engine/template.ts";
import { code, type Page, page, sentence, table } from "./markdown.ts";

interface Schema {
  readonly type?: string | undefined;
  readonly format?: string | undefined;
  readonly description?: string | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: Schema | undefined;
}

export function templatePage(): Page {
  return page("reference/builtin-templates.md", "src/templates/builtin/", "Built-in templates", [
    "Data of each template. Dates and times are RFC 3339, such as `2026-03-01T09:30:00+01:00`. Amounts are whole numbers in minor units of ISO 4217: 1250 is 12.50 EUR, 12.50 HUF, 1.250 IQD and 1250 JPY. An email shows all of these digits, even if a language usually leaves them out. A code that ISO 4217 has withdrawn or not yet listed here has two. Codes without a minor unit, such as XAU or XXX, are rejected.",
    "`GET /api/templates/{name}` has the same data as a JSON Schema, with an example. [Password resets and order emails](../guides/password-resets-and-orders.md) shows two of them in use.",
    ...builtinTemplates.flatMap((template) => [
      `### ${template.name}`,
      `${sentence(template.description)}${template.sensitive ? " [Sensitive](../concepts/security.md#sensitive-emails)." : ""} Languages: ${Object.keys(template.sources).map(code).join(", ")}.`,
      table(["Field", "Type", "Required", "Meaning"], fieldRows(schemaOf(template) as Schema)),
    ]),
    "Next: [edit templates](../guides/templates.md).",
  ]);
}

function fieldRows({ properties = {}, required = [] }: Schema, prefix = ""): string[][] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const row = [
      code(path),
      typeOf(field),
      required.includes(name) ? "yes" : "",
      sentence(field.description),
    ];
    if (field.type === "object") return [row, ...fieldRows(field, `${path}.`)];
    if (field.items?.type === "object") return [row, ...fieldRows(field.items, `${path}[].`)];
    return [row];
  });
}

function typeOf(field: Schema): string {
  if (field.enum !== undefined) return field.enum.map((value) => code(String(value))).join(", ");
  switch (field.format ?? field.type) {
    case "uri":
      return "`https:` or `http:` link";
    case "date-time":
      return "date and time";
    case "integer":
      return "whole number";
    case "boolean":
      return "true or false";
    case "array":
      return field.items?.type === "string" ? "list of texts" : "list";
    case "string":
      return "text";
    default:
      return field.type ?? "text";
  }
}
