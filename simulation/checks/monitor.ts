import type { Scene } from "../scene.ts";
import { checkConfigs } from "./configs.ts";
import { checkMemory } from "./memory.ts";
import { checkOwner } from "./owner.ts";
import { checkQueue, largeBytes, QueueMemory } from "./queue.ts";
import { checkRoute, checkSenders } from "./routing.ts";
import { checkWindows } from "./usage.ts";

/** How often all is looked at while something is under way, and else. */
const busyMs = 2_000;
const idleMs = 10_000;

/** Looks at the whole again and again while time passes. */
export class Monitor {
  readonly #scene: Scene;
  readonly #queue = new QueueMemory();
  readonly #pauses = new Map<string, number | null>();
  /** Two contents that may not be under way at once. */
  readonly #hasLarge: boolean;
  #open = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    for (const relay of scene.relays) {
      relay.onContent = (by, recipient) => {
        checkOwner(scene, by, recipient);
        checkRoute(scene, relay, by, recipient);
      };
      relay.onMessage = (by, from, content) => checkSenders(scene, relay, { by, from, content });
    }
    scene.database.onConfigsChanged = () => this.#lookAtConfigs();
    this.#lookAtConfigs();
    this.#hasLarge = scene.plan.emails.filter(({ bytes }) => bytes > largeBytes).length > 1;
  }

  start(): void {
    const { scheduler } = this.#scene;
    const look = () => {
      const isBusy = this.look();
      scheduler.after(isBusy ? busyMs : idleMs, look);
    };
    scheduler.after(busyMs, look);
  }

  /** After each event: what is in memory comes and goes. */
  lookAtMemory(): void {
    if (this.#hasLarge) checkMemory(this.#scene);
  }

  /** Whether no email is open. */
  get isQuiet(): boolean {
    // Between two looks the answer of the last one is good enough to go on.
    if (this.#open > 0) return false;
    const open = "select 1 from emails where state in ('queued', 'sending') limit 1";
    this.#open = this.#scene.database.look(open).length;
    return this.#open === 0;
  }

  /** @returns whether something is under way. */
  look(): boolean {
    const scene = this.#scene;
    noteCauses(scene);
    this.#lookAtConfigs();
    checkWindows(scene);
    checkConfigs(scene, this.#pauses);
    const { open, isBusy } = checkQueue(scene, this.#queue);
    this.#open = open;
    return isBusy;
  }

  #lookAtConfigs(): void {
    const { configs, database, plan, scheduler } = this.#scene;
    configs.look(database, plan.relays, scheduler.now);
  }
}

/** Leases may be lost where nodes do not reach their database for long. */
function noteCauses(scene: Scene): void {
  if (!scene.plan.shared) return;
  if (scene.server.isAwayFor(15_000)) scene.excuse();
}
