import { forgetLastId } from "../src/core/id.ts";
import { Monitor } from "./checks/monitor.ts";
import { verify } from "./checks/verdict.ts";
import { DatabaseServer } from "./database/server.ts";
import { Director } from "./director.ts";
import type { Installation } from "./installation.ts";
import { calmAt, type Plan } from "./plans/plan.ts";
import { Relay } from "./relay/relay.ts";
import { Scene, Violation } from "./scene.ts";
import { Random } from "./world/random.ts";
import { EndlessLoop, Scheduler } from "./world/scheduler.ts";
import { within } from "./world/take-over.ts";
import { Trace } from "./world/trace.ts";

/** What became of a plan. */
export interface Outcome {
  readonly violation: Violation | null;
  /** The same for each run of the same plan. */
  readonly hash: string;
  readonly trace: readonly string[];
  readonly virtualMs: number;
}

/** For what is still to be written when the last email has expired. */
const graceMs = 10 * 60_000;

/** Rejections that nobody has handled. */
const strays: unknown[] = [];

/** To be called once: what fails without anybody looking is a violation too. */
export function collectStrays(): void {
  process.on("unhandledRejection", (reason) => strays.push(reason));
}

/** Plays one plan to its end. */
export async function simulate(plan: Plan, installation: Installation): Promise<Outcome> {
  const scheduler = new Scheduler();
  const trace = new Trace(scheduler);
  const { seed } = plan;
  const { database } = installation;
  forgetLastId();
  database.clear();
  const server = new DatabaseServer({ database, scheduler, trace, random: new Random(`${seed}/database`) });
  const relays = plan.relays.map((relay, index) => new Relay(index, relay, { scheduler, trace, seed }));
  const scene = new Scene({ plan, scheduler, trace, server, relays });
  strays.length = 0;
  let violation: Violation | null = null;
  try {
    await within({ scheduler, random: new Random(`${seed}/bytes`) }, () => play(scene, installation));
    const [stray] = strays;
    if (stray !== undefined) throw new Violation("no rejection is unhandled", String(stray));
  } catch (error) {
    if (error instanceof EndlessLoop) violation = new Violation("nothing spins", error.message);
    else if (error instanceof Violation) violation = error;
    else throw error;
  }
  if (violation !== null) trace.note("check", `VIOLATED ${violation.message}`);
  return { violation, hash: trace.hash, trace: trace.lines, virtualMs: scheduler.now };
}

async function play(scene: Scene, installation: Installation): Promise<void> {
  const { scheduler, plan } = scene;
  const director = new Director(scene, installation);
  const monitor = new Monitor(scene);
  await settle(scene, director.begin());
  monitor.start();
  director.schedule();
  const calm = calmAt(plan);
  const latest = latestEnd(plan);
  await scheduler.run(() => {
    monitor.lookAtMemory();
    const isCalm = !director.isBusy && scheduler.now > calm;
    return scheduler.now > latest || (isCalm && monitor.isQuiet);
  });
  monitor.look();
  await settle(scene, director.stopAll());
  verify(scene);
}

/** When each email has expired, also by clocks that were set back or stood still. */
function latestEnd(plan: Plan): number {
  const lostMs = plan.faults.map((fault) => {
    if (fault.kind === "clock") return Math.max(0, -fault.byMs);
    return fault.kind === "freeze" ? fault.forMs : 0;
  });
  const ends = plan.emails.map(({ at, startsInMs, livesMs }) => at + startsInMs + livesMs);
  return Math.max(...ends, calmAt(plan)) + lostMs.reduce((sum, ms) => sum + ms, 0) + graceMs;
}

/** Lets time pass until this is done. */
async function settle(scene: Scene, work: Promise<void>): Promise<void> {
  let isDone = false;
  let failure: unknown = null;
  work
    .catch((error: unknown) => {
      failure = error;
    })
    .finally(() => {
      isDone = true;
    });
  await scene.scheduler.run(() => isDone);
  if (failure !== null) throw failure;
  if (!isDone) throw new Violation("everything ends", "nothing is left to happen, and something is not done");
}
