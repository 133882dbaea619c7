import type { Installation } from "./installation.ts";
import { SimulatedNode } from "./node.ts";
import { type Scene, Violation } from "./scene.ts";
import { Random } from "./world/random.ts";

/** What `stop` may take beyond its deadline. */
const stopGraceMs = 10_000;
/** After which a supervisor starts what could not be started. */
const againMs = 2_000;

/** The processes of a simulation: what starts, stops and kills them, and lets them hear each other. */
export class Fleet {
  readonly #scene: Scene;
  readonly #installation: Installation;
  readonly #random: Random;
  /** How often each node was started. */
  readonly #lives = new Map<number, number>();
  /** What becomes of announcements; null while nothing is wrong with them. */
  announcements: "lost" | "late" | null = null;

  constructor(scene: Scene, installation: Installation) {
    this.#scene = scene;
    this.#installation = installation;
    this.#random = new Random(`${scene.plan.seed}/fleet`);
  }

  create(index: number, isForeign = false): SimulatedNode {
    const { plan, scheduler, server, relays, nodes } = this.#scene;
    const life = this.#lives.get(index) ?? 0;
    this.#lives.set(index, life + 1);
    const node = new SimulatedNode({
      index,
      life,
      isForeign,
      seed: plan.seed,
      shared: plan.shared,
      skewMs: this.#offsetOf(index) ?? plan.nodes[index]?.skewMs ?? 0,
      installation: this.#installation,
      scheduler,
      server,
      relays,
      announce: (from) => this.#announce(from),
    });
    nodes.push(node);
    this.disturb();
    return node;
  }

  /** The clock of a machine goes on as it is when a process on it starts again. */
  #offsetOf(index: number): number | undefined {
    return this.#scene.nodes.findLast((node) => node.index === index)?.machineClock.offsetMs;
  }

  /** Starts a node, again and again while the database does not let it. */
  async join(index: number, isForeign = false): Promise<SimulatedNode | null> {
    const { trace, scheduler, nodes } = this.#scene;
    for (;;) {
      const node = this.create(index, isForeign);
      trace.note(node.name, "starts");
      try {
        await node.open();
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

  async stop(node: SimulatedNode, deadlineMs: number): Promise<void> {
    const { trace, scheduler } = this.#scene;
    trace.note(node.name, `stops within ${deadlineMs} ms`);
    this.disturb();
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
    this.disturb();
  }

  kill(node: SimulatedNode): void {
    this.#scene.trace.note(node.name, "is killed");
    this.#scene.excuse();
    node.kill();
    this.disturb();
  }

  disturb(): void {
    this.#scene.disturbedAt = this.#scene.scheduler.now;
  }

  #announce(from: SimulatedNode): void {
    if (this.announcements === "lost") return;
    const { scheduler, nodes } = this.#scene;
    const lateMs = this.announcements === "late" ? 20_000 : 0;
    for (const node of nodes) {
      if (node !== from)
        scheduler.after(lateMs + this.#random.int(1, 40), () => node.store.announced(), node);
    }
  }
}
