import { SendwrightError } from "../core/errors.ts";
import { bytes } from "../core/format.ts";
import type { FreeDisk } from "../core/free-disk.ts";
import type { QueueLimit } from "./queue-limit.ts";

/** Why no email is accepted at the moment. */
export type IntakeStop = "queue.full" | "disk.full";

/** Whether there is room for another email: on the disk, and in the queue. */
export class Intake {
  readonly #queue: QueueLimit;
  readonly #disk: FreeDisk;

  constructor({ queue, disk }: { readonly queue: QueueLimit; readonly disk: FreeDisk }) {
    this.#queue = queue;
    this.#disk = disk;
  }

  /** Null while emails are accepted. @throws SendwrightError `store.unavailable` */
  async stop(): Promise<IntakeStop | null> {
    if (await this.#disk.isLow()) return "disk.full";
    return (await this.#queue.isFull()) ? "queue.full" : null;
  }

  /** @throws SendwrightError `queue.full`, `disk.full`, `store.unavailable` */
  async check(): Promise<void> {
    const stop = await this.stop();
    if (stop === "disk.full") {
      const floor = bytes(this.#disk.floor);
      throw new SendwrightError(
        stop,
        `Sendwright accepts no emails while less than ${floor} of disk space is free. Free disk space, then send the email again.`,
      );
    }
    if (stop === "queue.full") {
      const limit = this.#queue.limit.toLocaleString("en");
      throw new SendwrightError(
        stop,
        `The queue has reached its limit of ${limit} emails (SENDWRIGHT_QUEUE_LIMIT). Send the email again later.`,
      );
    }
  }

  /** An email is about to be stored. */
  add(): void {
    this.#queue.add();
  }
}
