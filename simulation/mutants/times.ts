import type { Mutant } from "./mutant.ts";

/** Wake-ups, leases and clocks. */
export const times: readonly Mutant[] = [
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
        find: "[this.#upkeepDueAt - now]",
        replace: "[this.#upkeepDueAt - clock.now()]",
      },
    ],
    maxRuns: 2_500,
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
    maxRuns: 2_500,
  },
  {
    name: "step-back",
    fault: "a clock that is set back leaves what was due in the future",
    edits: [
      {
        file: "src/delivery/claim-loop.ts",
        find: "if (stepMs < 0) this",
        replace: "if (stepMs === null) this",
      },
    ],
    maxRuns: 2_500,
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
    maxRuns: 2_500,
  },
  {
    name: "lost-write",
    fault: "a result that comes at the end of a run of the result writer is lost",
    edits: [
      {
        file: "src/delivery/result-writer.ts",
        find: "    // In the same turn as the last look at the request: a call from here on begins anew.\n",
        replace: "    await new Promise<void>((resolve) => this.#dependencies.clock.after(20, resolve));\n",
      },
    ],
    maxRuns: 2_500,
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
