import type { FieldProblem } from "../../api/problem.ts";
import type { Fault } from "../../code/faults.ts";
import { placeOfPointer } from "../../code/json-text.ts";
import type { Draft } from "../draft.ts";

/** The texts that an editor shows. */
export const textFields = ["subject", "preheader", "mjml", "text", "example", "schema"] as const;
export type TextField = (typeof textFields)[number];

/** A fault with the text that it is in; `field` is null where it is of none of them. */
export interface SourceFault extends Fault {
  readonly locale: string | null;
  readonly field: TextField | null;
}

/**
 * Faults that the server found, each in the text that it is in.
 * @param locale the language of the source that was looked at alone.
 */
export function sourceFaults(
  errors: readonly FieldProblem[],
  draft: Pick<Draft, "schema" | "example">,
  locale: string,
): SourceFault[] {
  return errors.map(({ pointer, detail, line = null, column = null }) => {
    const [, first = "", second = "", third = ""] = pointer.split("/");
    if (first === "data" || first === "example") {
      return json("example", draft.example, pointer.slice(first.length + 1), detail);
    }
    if (first === "schema") return json("schema", draft.schema, pointer.slice("/schema".length), detail);
    const isOne = first === "source";
    const field = textFields.find((name) => name === (isOne ? second : third)) ?? null;
    if (isOne || first === "sources") {
      return { detail, line, column, locale: isOne ? locale : second || null, field };
    }
    const name = pointer.slice(1);
    return { detail: name === "" ? detail : `${name}: ${detail}`, line, column, locale: null, field: null };
  });
}

function json(field: "example" | "schema", text: string, pointer: string, detail: string): SourceFault {
  const name = pointer.slice(1).replaceAll("/", ".");
  return {
    ...placeOfPointer(text, pointer),
    detail: name === "" ? detail : `${name}: ${detail}`,
    locale: null,
    field,
  };
}

/** Those of one text as it is shown. */
export function faultsOf(faults: readonly SourceFault[], field: TextField, locale: string): SourceFault[] {
  return faults.filter(
    (fault) => fault.field === field && (fault.locale === null || fault.locale === locale),
  );
}
