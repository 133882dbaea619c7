import { configs } from "./configs.ts";
import type { Mutant } from "./mutant.ts";
import { outcomes } from "./outcomes.ts";
import { routing } from "./routing.ts";
import { times } from "./times.ts";

/** Each was a fault once, or is one that this kind of program is prone to. */
export const mutants: readonly Mutant[] = [...outcomes, ...configs, ...routing, ...times];
