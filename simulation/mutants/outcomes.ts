import type { Mutant } from "./mutant.ts";

/** What becomes of emails, and that it is stored once. */
export const outcomes: readonly Mutant[] = [
  {
    name: "unfenced",
    fault: "a node settles an email that it has lost to another one",
    edits: [
      {
        file: "src/store/tables/email-settlements.ts",
        find: "and emails.lease = outcome.token",
        replace: "",
      },
    ],
    maxRuns: 2_500,
  },
  {
    name: "unmarked",
    fault: "emails of a node that was killed are sent again without a mark",
    edits: [
      {
        file: "src/store/tables/email-leases.ts",
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
        file: "src/store/tables/email-leases.ts",
        find: '.where("body_started_at", "is not", null)',
        replace: '.where("body_started_at", "<", 0)',
      },
    ],
    maxRuns: 2_500,
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
    name: "outcome-given-up",
    fault: "an outcome that the database refuses is given up after its single try",
    edits: [
      {
        file: "src/delivery/result-writer.ts",
        find: "      () => settleMinimally(store.db, settled),\n",
        replace: "",
      },
      {
        file: "src/delivery/result-writer.ts",
        find: "if (this.#isEnding) {\n      this.#abandon([result]);",
        replace: "if (result.refusals === 0) {\n      this.#abandon([result]);",
      },
    ],
    maxRuns: 2000,
  },
  {
    name: "outcome-dropped",
    fault: "an outcome is dropped while the database is not available",
    edits: [
      {
        file: "src/delivery/result-writer.ts",
        find: 'this.#pending = [...batch.filter(({ state }) => state === "pending"), ...this.#pending];',
        replace: "this.#abandon(batch);",
      },
    ],
    maxRuns: 2000,
  },
  {
    name: "refused-here",
    fault: "an email that one relay alone refuses fails, although another one would accept it",
    edits: [
      {
        file: "src/delivery/evidence.ts",
        find: "return [...refusalKinds(end.result, from)].some((kind) => refusedHereOnly.has(kind));",
        replace: "return false;",
      },
      {
        file: "src/delivery/evidence.ts",
        find: 'if (end.kind === "failed") return errorsHereOnly.has(end.error.code);',
        replace: "",
      },
    ],
    maxRuns: 2000,
  },
  {
    name: "own-sender",
    fault: "emails fail because their relay refuses the sender of the config",
    edits: [
      {
        file: "src/delivery/evidence.ts",
        find: '(isOwnSender && kinds.has("sender"))',
        replace: "(isOwnSender && from === null)",
      },
    ],
    maxRuns: 2000,
  },
  {
    name: "expired-early",
    fault: "an email expires with its last attempt by the schedule",
    edits: [
      {
        file: "src/delivery/backoff.ts",
        find: "return now < lastAt ? lastAt : null;",
        replace: "return null;",
      },
      {
        file: "src/delivery/outcome.ts",
        find: '    case "temporary":\n      return "queued";',
        replace:
          '    case "temporary":\n      return isTriedAgain ? "queued" : ("expired" as RecipientState);',
      },
    ],
    maxRuns: 1000,
  },
  {
    name: "no-last-attempt",
    fault: "an email has no attempt just before its end",
    edits: [
      {
        file: "src/delivery/backoff.ts",
        find: "return now < lastAt ? lastAt : null;",
        replace: "return null;",
      },
    ],
    maxRuns: 2_500,
  },
  {
    name: "endless-stop",
    fault: "a stop waits until the database has taken every outcome",
    edits: [
      {
        file: "src/delivery/worker.ts",
        find: "      this.#completer.end(graceMs);\n",
        replace: "",
      },
    ],
    maxRuns: 2000,
  },
  {
    name: "upgrade",
    fault: "a migration without a transaction",
    edits: [
      {
        file: "src/store/migrate.ts",
        find: "await exclusively(async (transaction) => {",
        replace:
          "await (async (work: (plain: never) => Promise<void>) => work(db as never))(async (transaction: Transaction<Schema>) => {",
      },
    ],
    maxRuns: 1000,
  },
];
