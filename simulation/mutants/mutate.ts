import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { mutants } from "./catalog.ts";
import type { Mutant } from "./mutant.ts";

const root = new URL("../../", import.meta.url);

/**
 * Puts a fault into the sources as they are loaded from now on; no file is written.
 * @throws TypeError if there is no such mutant, or a text of it is not there exactly once.
 */
export function mutate(name: string): void {
  const mutant = mutants.find((each) => each.name === name);
  if (mutant === undefined) throw new TypeError(`There is no mutant ${name}: ${namesOf(mutants)}`);
  const sources = mutated(mutant);
  registerHooks({
    load: (url, context, next) => {
      const source = sources.get(url);
      return source === undefined
        ? next(url, context)
        : { format: "module", shortCircuit: true, source: stripTypeScriptTypes(source) };
    },
  });
}

/**
 * The sources that it changes, by their URLs.
 * @throws TypeError if a text to replace is not there exactly once: the mutant must follow its source.
 */
export function mutated({ name, edits }: Mutant): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  for (const { file, find, replace } of edits) {
    const url = new URL(file, root);
    const source = sources.get(url.href) ?? readFileSync(url, "utf8");
    const parts = source.split(find);
    if (parts.length !== 2) {
      throw new TypeError(`The text of the mutant ${name} is ${parts.length - 1} times in ${file}: ${find}`);
    }
    sources.set(url.href, parts.join(replace));
  }
  return sources;
}

function namesOf(all: readonly Mutant[]): string {
  return all.map(({ name }) => name).join(", ");
}
