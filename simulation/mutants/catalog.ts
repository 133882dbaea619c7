/** A text that is in a source exactly once, and what takes its place while the source is loaded. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A fault to put into the sources. */
export interface Mutant {
  readonly name: string;
  /** What goes wrong with it. */
  readonly fault: string;
  /** Several where one part of the engine would make up for another one. */
  readonly edits: readonly [Edit, ...Edit[]];
  /** It is found within so many runs. */
  readonly maxRuns: number;
}

/** Each was a fault once, or is one that this kind of program is prone to. */
export const mutants: readonly Mutant[] = [
  {
    name: "unfenced",
    fault: "a node settles an email that it has lost to another one",
    edits: [
      {
        file: "src/store/tables/email-settlements.ts",
        find: "and emails.lease = outcome.token and emails.state = 'sending'",
        replace: "",
      },
    ],
    maxRuns: 3_000,
  },
  {
    name: "unmarked",
    fault: "emails of a node that was killed are sent again without a mark",
    edits: [
      {
        file: "src/store/tables/email-claims.ts",
        find: ".else(1 as const)",
        replace: '.else(eb.ref("possible_duplicate"))',
      },
    ],
    maxRuns: 2_000,
  },
  {
    name: "held-resent",
    fault: "an email that holds is sent again after a kill",
    edits: [
      {
        file: "src/store/tables/email-claims.ts",
        find: '.where("body_started_at", "is not", null)',
        replace: '.where("body_started_at", "<", 0)',
      },
    ],
    maxRuns: 4_000,
  },
  {
    name: "lost-answer",
    fault: "a lost answer after the final dot counts as nothing sent",
    edits: [
      {
        file: "src/delivery/outcome.ts",
        find: 'possibleDuplicate: email.possibleDuplicate || attempt.outcome === "unknown"',
        replace: "possibleDuplicate: email.possibleDuplicate",
      },
    ],
    maxRuns: 1_000,
  },
  {
    name: "rate",
    fault: "the limit of messages per second is counted over a tenth of it",
    edits: [
      {
        file: "src/smtp/pool/rate-limit.ts",
        find: "const isPast = (at: number) => at <= now - 1_000",
        replace: "const isPast = (at: number) => at <= now - 100",
      },
    ],
    maxRuns: 1_000,
  },
  {
    name: "share",
    fault: "each node uses the whole limit of a config",
    edits: [
      {
        file: "src/delivery/cluster.ts",
        find: "Math.floor((whole + rank) / nodes)",
        replace: "Math.max(whole, rank / nodes)",
      },
    ],
    maxRuns: 2_000,
  },
  {
    name: "deaf",
    fault: "an accepted email wakes nobody",
    edits: [
      {
        file: "src/delivery/worker.ts",
        find: "  wake(): void {\n    this.#claimLoop.requestTick();",
        replace: "  wake(): void {",
      },
    ],
    maxRuns: 200,
  },
  {
    name: "refused-again",
    fault: "a recipient who was refused for good is asked again with the others",
    edits: [
      {
        file: "src/delivery/worker.ts",
        find: 'recipients.filter(({ state }) => state === "queued")',
        replace: "recipients",
      },
    ],
    maxRuns: 2_000,
  },
  {
    name: "upkeep",
    fault: "leases are renewed less often than they run out",
    edits: [
      {
        file: "src/delivery/claim-loop.ts",
        find: "const upkeepEveryMs = 10_000",
        replace: "const upkeepEveryMs = 200_000",
      },
    ],
    maxRuns: 2_000,
  },
];
