import type { Installation } from "./installation.ts";
import { SimulatedNode } from "./node.ts";
import type { EmailPlan, Fault } from "./plans/plan.ts";
import { type Scene, Violation } from "./scene.ts";
import { Random } from "./world/random.ts";

/** What `stop` may take beyond its deadline. */
const stopGraceMs = 10_000;
/** After which a supervisor starts what could not be started, and an admin saves what could not be saved. */
const againMs = 2_000;
/** A node that nothing is wrong with stops in this time. */
const lastDeadlineMs = 30_000;

/** Makes happen what the plan says, each thing at its time. */
export class Director {
  readonly #scene: Scene;
  readonly #installation: Installation;
  readonly #random: Random;
  /** How often each node was started. */
  readonly #lives = new Map<number, number>();
  #underWay = 0;
  #failure: Error | null = null;
  #announcements: "lost" | "late" | null = null;

  constructor(scene: Scene, installation: Installation) {
    this.#scene = scene;
    this.#installation = installation;
    this.#random = new Random(`${scene.plan.seed}/director`);
  }

  get isBusy(): boolean {
    if (this.#failure !== null) throw this.#failure;
    return this.#underWay > 0;
  }

  /** The first node, and the configs of all relays. */
  async begin(): Promise<void> {
    const { relays } = this.#scene;
    const node = this.#create(0);
    for (const relay of relays) await node.createConfig(relay);
    await node.start();
  }

  schedule(): void {
    const { plan, scheduler } = this.#scene;
    for (const [index, { joinsAt }] of plan.nodes.entries()) {
      if (index > 0) scheduler.after(joinsAt, () => this.#do(async () => void (await this.#join(index))));
    }
    for (const [number, email] of plan.emails.entries()) {
      scheduler.after(email.at, () => this.#do(() => this.#accept(number, email)));
    }
    for (const fault of plan.faults) {
      scheduler.after(fault.at, () => this.#do(() => this.#inflict(fault)));
    }
  }

  async stopAll(): Promise<void> {
    await Promise.all(
      this.#scene.nodes.filter(({ alive }) => alive).map((node) => this.#stop(node, lastDeadlineMs)),
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

  #create(index: number, isForeign = false): SimulatedNode {
    const { plan, scheduler, server, relays, nodes } = this.#scene;
    const life = this.#lives.get(index) ?? 0;
    this.#lives.set(index, life + 1);
    const node = new SimulatedNode({
      index,
      life,
      isForeign,
      seed: plan.seed,
      shared: plan.shared,
      skewMs: plan.nodes[index]?.skewMs ?? 0,
      installation: this.#installation,
      scheduler,
      server,
      relays,
      announce: (from) => this.#announce(from),
    });
    nodes.push(node);
    this.#disturb();
    return node;
  }

  /** Starts a node, again and again while the database does not let it. */
  async #join(index: number, isForeign = false): Promise<SimulatedNode | null> {
    const { trace, scheduler, nodes } = this.#scene;
    for (;;) {
      const node = this.#create(index, isForeign);
      trace.note(node.name, "starts");
      try {
        await node.start();
        return node;
      } catch (error) {
        trace.note(node.name, `did not start: ${(error as Error).message}`);
        node.kill();
        nodes.splice(nodes.indexOf(node), 1);
        await scheduler.wait(againMs);
      }
    }
  }

  async #accept(number: number, plan: EmailPlan): Promise<void> {
    const { trace, scheduler, emails, working } = this.#scene;
    const node = working[plan.node % Math.max(1, working.length)];
    if (node === undefined) return;
    // A node that is killed meanwhile answers nobody.
    const accepted = await Promise.race([
      node.accept(plan, number).catch((error: Error) => error),
      scheduler.wait(60_000),
    ]);
    if (accepted === undefined || accepted instanceof Error) {
      trace.note(node.name, `did not accept email${number}: ${accepted?.message ?? "no answer"}`);
      return;
    }
    trace.note(node.name, `accepted email${number}`);
    const { id, messageId } = accepted;
    emails.push({ number, id, messageId, plan, acceptedAt: scheduler.now });
  }

  async #inflict(fault: Fault): Promise<void> {
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
        this.#announcements = fault.how;
        await over();
        this.#announcements = null;
        break;
      case "kill":
        await this.#killAndRestart(fault.node, over);
        break;
      case "stop":
        await this.#stopAndRestart(fault.node, fault.deadlineMs, over);
        break;
      case "foreign-node": {
        const node = await this.#join(this.#scene.plan.nodes.length, true);
        await over();
        if (node !== null) await this.#stop(node, 1_000);
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
    this.#scene.trace.note(node.name, "is killed");
    this.#scene.excuse();
    node.kill();
    this.#disturb();
    await over();
    await this.#join(index);
  }

  async #stopAndRestart(index: number, deadlineMs: number, over: () => Promise<void>): Promise<void> {
    const node = this.#scene.working.find((each) => each.index === index);
    if (node === undefined) return;
    await this.#stop(node, deadlineMs);
    await over();
    await this.#join(index);
  }

  async #stop(node: SimulatedNode, deadlineMs: number): Promise<void> {
    const { trace, scheduler } = this.#scene;
    trace.note(node.name, `stops within ${deadlineMs} ms`);
    this.#disturb();
    const startedAt = scheduler.now;
    // Past the deadline connections are cut, also between the final dot and its reply.
    const cancel = scheduler.after(deadlineMs, () => this.#scene.excuse());
    const isStopped = await Promise.race([
      node.stop(deadlineMs).then(() => true),
      scheduler.wait(deadlineMs + stopGraceMs).then(() => false),
    ]);
    cancel();
    if (!isStopped) {
      throw new Violation(
        "a stop keeps its deadline",
        `${node.name} still works after ${scheduler.now - startedAt} ms`,
      );
    }
    // The process ends here, whatever it left undone.
    this.#scene.excuse();
    node.kill();
    trace.note(node.name, "has stopped");
    this.#disturb();
  }

  async #setClocks(
    fault: Extract<Fault, { kind: "clock" | "freeze" }>,
    over: () => Promise<void>,
  ): Promise<void> {
    const nodes = this.#scene.nodes.filter(({ index }) => fault.node === null || index === fault.node);
    this.#scene.clocksSetAt = this.#scene.scheduler.now;
    if (fault.kind === "clock") {
      for (const { clock } of nodes) clock.step(fault.byMs);
      return;
    }
    for (const { clock } of nodes) clock.freeze();
    await over();
    for (const { clock } of nodes) clock.thaw();
    this.#scene.clocksSetAt = this.#scene.scheduler.now;
  }

  async #edit(
    { relay: index, edit }: Extract<Fault, { kind: "config" }>,
    over: () => Promise<void>,
  ): Promise<void> {
    const relay = this.#scene.relays[index];
    if (relay === undefined) return;
    const changes = { save: {}, disable: { enabled: false }, "wrong-password": { password: "wrong" } }[edit];
    if (edit === "wrong-password" && !relay.plan.auth) return;
    const save = async (what: object) => {
      while (!(await this.#saved(index, what))) await this.#scene.scheduler.wait(againMs);
    };
    await save(changes);
    if (edit === "save") return;
    await over();
    await save({});
  }

  async #saved(index: number, changes: object): Promise<boolean> {
    const { relays, working, scheduler } = this.#scene;
    const relay = relays[index];
    const [node] = working;
    if (relay === undefined || node === undefined) return false;
    this.#disturb();
    const done = await Promise.race([
      node.saveConfig(relay, changes).then(
        () => true,
        () => false,
      ),
      scheduler.wait(30_000).then(() => false),
    ]);
    this.#disturb();
    return done;
  }

  #announce(from: SimulatedNode): void {
    if (this.#announcements === "lost") return;
    const { scheduler, nodes } = this.#scene;
    const lateMs = this.#announcements === "late" ? 20_000 : 0;
    for (const node of nodes) {
      if (node !== from)
        scheduler.after(lateMs + this.#random.int(1, 40), () => node.store.announced(), node);
    }
  }

  #disturb(): void {
    this.#scene.disturbedAt = this.#scene.scheduler.now;
  }
}
