import type { Fleet } from "./fleet.ts";
import type { ConfigEdit, Fault } from "./plans/plan.ts";
import type { Scene } from "./scene.ts";

/** After which an admin saves what could not be saved. */
const againMs = 2_000;

/** What an edit changes. */
const editedSettings: Readonly<Record<ConfigEdit, object>> = {
  save: {},
  disable: { enabled: false },
  "wrong-password": { password: "wrong" },
  senders: { senders: ["@shop.test", "news@brand.test"] },
  limits: { maxPerMinute: 1, maxPerHour: 3 },
  last: { position: 100 },
};

/** Makes faults happen, and ends them. */
export class FaultMaker {
  readonly #scene: Scene;
  readonly #fleet: Fleet;

  constructor(scene: Scene, fleet: Fleet) {
    this.#scene = scene;
    this.#fleet = fleet;
  }

  /** Resolves when it is over. */
  async inflict(fault: Fault): Promise<void> {
    const { trace, scheduler, server, relays } = this.#scene;
    trace.note("fault", JSON.stringify(fault));
    const over = () => scheduler.wait(fault.forMs);
    switch (fault.kind) {
      case "relay": {
        const relay = relays[fault.relay];
        relay?.begin(fault);
        await over();
        relay?.end(fault);
        break;
      }
      case "database":
        server.begin(fault);
        await over();
        server.end(fault);
        break;
      case "poison": {
        const id = this.#scene.emails.find(({ number }) => number === fault.email)?.id;
        if (id === undefined) break;
        server.poison(id, true);
        await over();
        server.poison(id, false);
        break;
      }
      case "announcements":
        this.#fleet.announcements = fault.how;
        await over();
        this.#fleet.announcements = null;
        break;
      case "resolver":
        await this.#breakResolver(fault.node, over);
        break;
      case "kill":
        await this.#killAndRestart(fault.node, over);
        break;
      case "stop":
        await this.#stopAndRestart(fault.node, fault.deadlineMs, over);
        break;
      case "foreign-node": {
        const node = await this.#fleet.join(this.#scene.plan.nodes.length, true);
        await over();
        if (node !== null) await this.#fleet.stop(node, 1_000);
        break;
      }
      case "clock":
      case "freeze":
        await this.#setClocks(fault, over);
        break;
      case "config":
        await this.#edit(fault, over);
        break;
    }
    trace.note("fault", `${fault.kind} is over`);
  }

  async #killAndRestart(index: number, over: () => Promise<void>): Promise<void> {
    const node = this.#scene.working.find((each) => each.index === index);
    if (node === undefined) return;
    this.#fleet.kill(node);
    await over();
    await this.#fleet.join(index);
  }

  async #stopAndRestart(index: number, deadlineMs: number, over: () => Promise<void>): Promise<void> {
    const node = this.#scene.working.find((each) => each.index === index);
    if (node === undefined) return;
    await this.#fleet.stop(node, deadlineMs);
    await over();
    await this.#fleet.join(index);
  }

  async #breakResolver(index: number, over: () => Promise<void>): Promise<void> {
    const node = this.#scene.working.find((each) => each.index === index);
    if (node === undefined) return;
    node.resolves = false;
    await over();
    node.resolves = true;
    this.#scene.resolverTroubleAt = this.#scene.scheduler.now;
  }

  async #setClocks(
    fault: Extract<Fault, { kind: "clock" | "freeze" }>,
    over: () => Promise<void>,
  ): Promise<void> {
    const { nodes, plan, server } = this.#scene;
    const hit = nodes.filter(({ index }) => fault.node === null || index === fault.node);
    const clocks = hit.map(({ machineClock }) => machineClock);
    this.#scene.clocksSetAt = this.#scene.scheduler.now;
    if (fault.kind === "clock") {
      if (plan.shared && fault.node === null) {
        // By the time of the database from now on, every lease may have run out.
        if (fault.byMs > 0) this.#scene.excuse();
        this.#fleet.disturb();
        server.clock.step(fault.byMs);
      }
      for (const clock of clocks) clock.step(fault.byMs);
      return;
    }
    for (const clock of clocks) clock.freeze();
    await over();
    for (const clock of clocks) clock.thaw();
    this.#scene.clocksSetAt = this.#scene.scheduler.now;
  }

  async #edit(
    { relay: index, edit }: Extract<Fault, { kind: "config" }>,
    over: () => Promise<void>,
  ): Promise<void> {
    const relay = this.#scene.relays[index];
    if (relay === undefined) return;
    if (edit === "wrong-password" && !relay.plan.auth) return;
    const save = async (what: object) => {
      while (!(await this.#saved(index, what))) await this.#scene.scheduler.wait(againMs);
    };
    await save(editedSettings[edit]);
    if (edit === "save") return;
    await over();
    await save({ position: index });
  }

  async #saved(index: number, changes: object): Promise<boolean> {
    const { relays, working, scheduler } = this.#scene;
    const relay = relays[index];
    const [node] = working;
    if (relay === undefined || node === undefined) return false;
    this.#fleet.disturb();
    const done = await Promise.race([
      node.saveConfig(relay, changes).then(
        () => true,
        () => false,
      ),
      scheduler.wait(30_000).then(() => false),
    ]);
    this.#fleet.disturb();
    return done;
  }
}
