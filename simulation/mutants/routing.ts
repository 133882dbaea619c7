import type { Mutant } from "./mutant.ts";

/** Which config sends which email, as whom, and how much. */
export const routing: readonly Mutant[] = [
  {
    name: "uncounted",
    fault: "what is claimed within limits is not counted",
    edits: [
      {
        file: "src/store/tables/email-claims.ts",
        find: "const after = counting === null ? [] : countClaimed(db, counting, time);",
        replace: "const after: readonly CompiledQuery[] = [];",
      },
    ],
    maxRuns: 1_000,
  },
  {
    name: "unreleased",
    fault: "what a relay has not accepted counts towards the limits all the same",
    edits: [
      {
        file: "src/store/tables/email-settlements.ts",
        find: "    ...releaseUsage(db, released),\n",
        replace: "",
      },
    ],
    maxRuns: 2_000,
  },
  {
    name: "usage-once",
    fault: "the use of a config that has reached a limit is not read again",
    edits: [
      {
        file: "src/delivery/claim-loop.ts",
        find: " || inOrder.some((route) => this.#isLimited(route))",
        replace: "",
      },
      {
        file: "src/delivery/limits.ts",
        find: "used.lessAt !== null && used.lessAt > now ?",
        replace: "used.lessAt !== null ?",
      },
    ],
    maxRuns: 2_000,
  },
  {
    name: "owner-ignored",
    fault: "the first config sends all, whoever owns the sender",
    edits: [
      {
        file: "src/store/tables/email-routing.ts",
        find: "} then 1 ",
        replace: "} then 3 ",
      },
      {
        file: "src/store/tables/email-routing.ts",
        find: "} then 2`",
        replace: "} then 3`",
      },
    ],
    maxRuns: 1_000,
  },
  {
    name: "named-shared",
    fault: "other configs stand in for one that is named alone",
    edits: [
      {
        file: "src/store/tables/email-routing.ts",
        find: "via is null or via_fallback = 1 or",
        replace: "via is null or via_fallback >= 0 or",
      },
    ],
    maxRuns: 1_000,
  },
  {
    name: "quota-final",
    fault: "a recipient who comes when the quota is used up fails",
    edits: [
      {
        file: "src/delivery/outcome.ts",
        find: "return refusedHereOnly.has(refusalKind(result, stage, from));",
        replace:
          'const kind = refusalKind(result, stage, from);\n  return kind !== "quota" && refusedHereOnly.has(kind);',
      },
    ],
    maxRuns: 2_000,
  },
  {
    name: "foreign-sender",
    fault: "a config that stands in keeps the sender of the right one",
    edits: [
      {
        file: "src/delivery/sender.ts",
        find: "from: { address: fromEmail, name: wanted.name ?? fromName },",
        replace: "from: wanted,",
      },
    ],
    maxRuns: 1_000,
  },
  {
    name: "sandbox",
    fault: "the sandbox stands in for other configs",
    edits: [
      {
        file: "src/store/tables/email-routing.ts",
        find: "if (configs[taker]?.isSandbox === true) {",
        replace: "if (configs[taker] === undefined) {",
      },
      {
        file: "src/store/tables/email-routing.ts",
        find: "if (config.isSandbox) conditions.push(this.#isNotHome(index));",
        replace: "if (config.isSandbox && index !== taker) conditions.push(this.#isNotHome(index));",
      },
    ],
    maxRuns: 2_000,
  },
];
