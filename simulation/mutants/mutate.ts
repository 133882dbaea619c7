import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";
import { type Mutant, mutants } from "./catalog.ts";

const root = new URL("../../", import.meta.url);

/**
 * Puts a fault into the sources as they are loaded from now on; no file is written.
 * @throws TypeError if there is no such mutant, or its text is not there exactly once.
 */
export function mutate(name: string): void {
  const mutant = mutants.find((each) => each.name === name);
  if (mutant === undefined) throw new TypeError(`There is no mutant ${name}: ${namesOf(mutants)}`);
  const url = new URL(mutant.file, root).href;
  const source = mutated(mutant);
  registerHooks({
    load: (loading, context, next) =>
      loading === url
        ? { format: "module", shortCircuit: true, source: stripTypeScriptTypes(source) }
        : next(loading, context),
  });
}

/** @throws TypeError if the text to replace is not there exactly once: the mutant must follow its source. */
export function mutated({ name, file, find, replace }: Mutant): string {
  const source = readFileSync(fileURLToPath(new URL(file, root)), "utf8");
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new TypeError(`The text of the mutant ${name} is ${parts.length - 1} times in ${file}: ${find}`);
  }
  return parts.join(replace);
}

function namesOf(all: readonly Mutant[]): string {
  return all.map(({ name }) => name).join(", ");
}
