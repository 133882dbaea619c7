import type { Mutant } from "./mutant.ts";

/** Relays, their configs, and what each node may ask of them. */
export const configs: readonly Mutant[] = [
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
    maxRuns: 2_500,
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
        find: "secrets.fits || id === environmentConfigId",
        replace: "secrets.fits || id !== environmentConfigId",
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
    maxRuns: 2_500,
  },
  {
    name: "no-restraint",
    fault: "a relay of the only config is asked again at once, however often it asks for less",
    edits: [
      {
        file: "src/delivery/completer.ts",
        find: '    if (evidence === "none" || this.#isEnding) return;\n',
        replace:
          '    if (evidence === "none") return;\n    if (typeof evidence === "object" && ["busy", "refused"].includes(evidence.fails) && !this.#dependencies.routes.hasFallback(email, route.config)) return;\n',
      },
    ],
    maxRuns: 1000,
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
];
