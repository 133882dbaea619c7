import { isSendwrightError } from "../src/core/errors.ts";
import { FaultMaker } from "./faults.ts";
import { Fleet } from "./fleet.ts";
import type { Installation } from "./installation.ts";
import type { EmailPlan } from "./plans/plan.ts";
import { type Scene, Violation } from "./scene.ts";

/** Nobody waits longer for an email to be accepted. */
const acceptMs = 60_000;
/** A node that nothing is wrong with stops in this time. */
const lastDeadlineMs = 30_000;

/** Makes happen what the plan says, each thing at its time. */
export class Director {
  readonly #scene: Scene;
  readonly #fleet: Fleet;
  readonly #faults: FaultMaker;
  #underWay = 0;
  #failure: Error | null = null;

  constructor(scene: Scene, installation: Installation) {
    this.#scene = scene;
    this.#fleet = new Fleet(scene, installation);
    this.#faults = new FaultMaker(scene, this.#fleet);
  }

  get isBusy(): boolean {
    if (this.#failure !== null) throw this.#failure;
    return this.#underWay > 0;
  }

  /** The first node, and the configs of all relays. */
  async begin(): Promise<void> {
    const { relays } = this.#scene;
    const node = this.#fleet.create(0);
    await node.open();
    for (const relay of relays) await node.createConfig(relay);
    await node.start();
  }

  schedule(): void {
    const { plan, scheduler } = this.#scene;
    for (const [index, { joinsAt }] of plan.nodes.entries()) {
      if (index > 0)
        scheduler.after(joinsAt, () => this.#do(async () => void (await this.#fleet.join(index))));
    }
    for (const [number, email] of plan.emails.entries()) {
      scheduler.after(email.at, () => this.#do(() => this.#accept(number, email)));
    }
    for (const fault of plan.faults) {
      scheduler.after(fault.at, () => this.#do(() => this.#faults.inflict(fault)));
    }
  }

  async stopAll(): Promise<void> {
    await Promise.all(
      this.#scene.nodes.filter(({ alive }) => alive).map((node) => this.#fleet.stop(node, lastDeadlineMs)),
    );
  }

  #do(work: () => Promise<void>): void {
    this.#underWay++;
    work()
      .catch((error: Error) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#underWay--;
      });
  }

  async #accept(number: number, plan: EmailPlan): Promise<void> {
    const { trace, scheduler, emails, working } = this.#scene;
    const node = working[plan.node % Math.max(1, working.length)];
    if (node === undefined) return;
    // A node that is killed meanwhile answers nobody.
    const accepted = await Promise.race([
      node.accept(plan, number).catch((error: Error) => error),
      scheduler.wait(acceptMs),
    ]);
    if (accepted instanceof Error && !isSendwrightError(accepted, "store.unavailable")) {
      throw new Violation("a node accepts emails while its database works", accepted.message);
    }
    if (accepted === undefined || accepted instanceof Error) {
      trace.note(node.name, `did not accept email${number}: ${accepted?.message ?? "no answer"}`);
      return;
    }
    trace.note(node.name, `accepted email${number}`);
    const { id, messageId } = accepted;
    emails.push({ number, id, messageId, plan, acceptedAt: scheduler.now });
  }
}
