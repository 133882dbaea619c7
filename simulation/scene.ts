import { ConfigHistory } from "./checks/config-history.ts";
import type { DatabaseServer, FaultyDatabase } from "./database/server.ts";
import { emailOf, type SimulatedNode } from "./node.ts";
import type { EmailPlan, Plan } from "./plans/plan.ts";
import type { Relay } from "./relay/relay.ts";
import type { Scheduler } from "./world/scheduler.ts";
import type { Trace } from "./world/trace.ts";

/** Something that must never happen has happened. */
export class Violation extends Error {
  /** The promise that was broken, in a few words that are the same each time. */
  readonly invariant: string;

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}

/** An email that a node has accepted. */
export interface AcceptedEmail {
  readonly number: number;
  readonly id: string;
  readonly messageId: string;
  readonly plan: EmailPlan;
  readonly acceptedAt: number;
}

/** All that is under way in one simulation, for those who look on. */
export class Scene {
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly server: DatabaseServer;
  readonly relays: readonly Relay[];
  readonly nodes: SimulatedNode[] = [];
  readonly emails: AcceptedEmail[] = [];
  readonly configs = new ConfigHistory();
  /** Emails that may come twice although the reply of their relay was read. */
  readonly #excused = new Set<string>();
  /** When nodes came or went, configs or clocks were changed last. */
  disturbedAt = 0;
  /** When the name servers of a node last did not answer. */
  resolverTroubleAt = Number.NEGATIVE_INFINITY;
  clocksSetAt = Number.NEGATIVE_INFINITY;

  constructor(given: Pick<Scene, "plan" | "scheduler" | "trace" | "server" | "relays">) {
    this.plan = given.plan;
    this.scheduler = given.scheduler;
    this.trace = given.trace;
    this.server = given.server;
    this.relays = given.relays;
  }

  get database(): FaultyDatabase {
    return this.server.database;
  }

  /** Those that work, with the right secret. */
  get working(): readonly SimulatedNode[] {
    return this.nodes.filter(({ alive, isStopping, isForeign }) => alive && !isStopping && !isForeign);
  }

  /** From now on each email under way may come twice: its node is gone, or may have lost it. */
  excuse(): void {
    const underWay = this.database.look<{ id: string }>("select id from emails where state = 'sending'");
    for (const { id } of underWay) this.#excused.add(id);
  }

  /** Whether an email may come twice, or be sent by two nodes, although the reply was read. */
  isExcused(id: string): boolean {
    return this.#excused.has(id);
  }

  /** Every node finds its relays. */
  get isResolving(): boolean {
    return this.working.every(({ resolves }) => resolves);
  }

  /** Fails the simulation unless it holds. */
  require(holds: boolean, invariant: string, detail: () => string): void {
    if (!holds) throw new Violation(invariant, detail());
  }

  /** The email that a recipient belongs to; null if it was not accepted yet. */
  emailTo(recipient: string | null): AcceptedEmail | null {
    if (recipient === null) return null;
    return this.emails.find(({ number }) => number === emailOf(recipient)) ?? null;
  }

  nameOf(id: string): string {
    const email = this.emails.find((each) => each.id === id);
    return email === undefined ? "an email" : `email${email.number}`;
  }
}
