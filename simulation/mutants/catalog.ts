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
        find: "and emails.lease = outcome.token",
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
    name: "breaker-stuck",
    fault: "a breaker counts only once it is stored, and one that was refused is not stored again",
    edits: [
      {
        file: "src/delivery/config-breakers.ts",
        find: "  get permission(): BreakerPermission {\n",
        replace: '  get permission(): BreakerPermission {\n    if (this.#unstored !== null) return "none";\n',
      },
      {
        file: "src/delivery/result-writer.ts",
        find: "        this.#areNewsRefused = false;\n        this.request();",
        replace: "        this.request();",
      },
    ],
    maxRuns: 3000,
  },
  {
    name: "shared-fault",
    fault: "a fault of one node pauses the config of all",
    edits: [
      {
        file: "src/delivery/completer.ts",
        find: 'const isOfNode = evidence === "node-fails" && this.#dependencies.store.shared;',
        replace: "const isOfNode = false;",
      },
    ],
    maxRuns: 2000,
  },
  {
    name: "foreign-claims",
    fault: "a node whose key does not fit claims emails",
    edits: [
      {
        file: "src/delivery/worker.ts",
        find: "isBlocked: () => !secrets.fits || this.#completer.isBlocked",
        replace: "isBlocked: () => this.#completer.isBlocked",
      },
    ],
    maxRuns: 1000,
  },
  {
    name: "known-good",
    fault: "a config that has worked is paused for an hour after one refusal",
    edits: [
      {
        file: "src/delivery/completer.ts",
        find: "const isKnownGood = config.health.knownGoodVersion === config.revision.version;",
        replace: "const isKnownGood = false;",
      },
    ],
    maxRuns: 1000,
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
  {
    name: "refused-here",
    fault: "an email that one relay alone refuses fails, although another one would accept it",
    edits: [
      {
        file: "src/delivery/evidence.ts",
        find: 'if (attempt.outcome !== "permanent") return false;',
        replace: "return false;",
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
        find: 'return isOwnSender ? { fails: "config" } : "works";',
        replace: 'return "works";',
      },
    ],
    maxRuns: 2000,
  },
  {
    name: "behind-large",
    fault: "small emails wait behind a large one beside a free session",
    edits: [
      {
        file: "src/smtp/pool/pooled-session.ts",
        find: "|| !this.serves || this.holdsLarge) return 0",
        replace: "|| !this.serves) return 0",
      },
      {
        file: "src/smtp/pool/pool-sessions.ts",
        find: "    if (this.#isClosed) return;\n    const waitsIn",
        replace: "    return;\n    const waitsIn",
      },
    ],
    maxRuns: 5000,
  },
  {
    name: "no-restraint",
    fault: "a relay of the only config is asked again at once, however often it asks for less",
    edits: [
      {
        file: "src/delivery/completer.ts",
        find: '    if (evidence === "none") return;\n',
        replace:
          '    if (evidence === "none") return;\n    if (typeof evidence === "object" && ["busy", "refused"].includes(evidence.fails) && !this.#dependencies.routes.hasFallback(route.config)) return;\n',
      },
    ],
    maxRuns: 1000,
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
    maxRuns: 3000,
  },
  {
    name: "upkeep-by-day",
    fault: "leases are kept up by the time of day",
    edits: [
      {
        file: "src/delivery/claim-loop.ts",
        find: "    this.#cancelTimer();\n    const now = clock.monotonic();",
        replace: "    this.#cancelTimer();\n    const now = clock.now();",
      },
      {
        file: "src/delivery/claim-loop.ts",
        find: "this.#keepUp(clock.monotonic())",
        replace: "this.#keepUp(clock.now())",
      },
      {
        file: "src/delivery/claim-loop.ts",
        find: "[this.#upkeepDueAt - clock.monotonic()]",
        replace: "[this.#upkeepDueAt - clock.now()]",
      },
    ],
    maxRuns: 5000,
  },
  {
    name: "lease-unchecked",
    fault: "a node begins an email whose lease has run out",
    edits: [
      {
        file: "src/delivery/leases.ts",
        find: "if (lease === undefined || !this.#isRunning(lease.time)) throw leaseLost();",
        replace: "",
      },
    ],
    maxRuns: 3000,
  },
  {
    name: "step-back",
    fault: "a clock that is set back leaves what was due in the future",
    edits: [
      {
        file: "src/delivery/claim-loop.ts",
        find: "    if (stepMs < 0)\n",
        replace: "    if (stepMs === null)\n",
      },
    ],
    maxRuns: 5000,
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
    name: "lost-tick",
    fault: "a request that comes at the end of a run of the claim loop is lost",
    edits: [
      {
        file: "src/delivery/claim-loop.ts",
        find: "    // In the same turn as the last look at the request: a call from here on begins anew.\n",
        replace: "    await new Promise<void>((resolve) => this.#dependencies.clock.after(1, resolve));\n",
      },
    ],
    maxRuns: 5000,
  },
  {
    name: "lost-write",
    fault: "a result that comes at the end of a run of the result writer is lost",
    edits: [
      {
        file: "src/delivery/result-writer.ts",
        find: "    // In the same turn as the last look at the request: a call from here on begins anew.\n",
        replace: "    await new Promise<void>((resolve) => this.#dependencies.clock.after(1, resolve));\n",
      },
    ],
    maxRuns: 5000,
  },
  {
    name: "unbounded",
    fault: "large contents are read however much is under way",
    edits: [
      {
        file: "src/delivery/large-content.ts",
        find: "if (budget !== null) this.#release",
        replace: "if (budget === undefined) this.#release",
      },
    ],
    maxRuns: 2000,
  },
  {
    name: "skewed-leases",
    fault: "leases of a shared database go by the clock of each node",
    edits: [
      {
        file: "src/store/dialect.ts",
        find: "if (adapter instanceof SharedSqliteAdapter) return adapter.now;",
        replace: "",
      },
      {
        file: "src/store/database-clock.ts",
        find: "    return Math.round(this.#local.monotonic() + this.#offset);",
        replace: "    return this.#local.now();",
      },
    ],
    maxRuns: 2000,
  },
];
