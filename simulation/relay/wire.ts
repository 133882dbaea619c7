import type { TlsEvidence, Wire, WireEvents } from "../../src/smtp/wire.ts";
import type { Owner, Scheduler } from "../world/scheduler.ts";

/** The relay's end of a connection. */
export interface Peer {
  received(bytes: Buffer): void;
  /** The client has closed it, or its machine is gone. */
  closed(): void;
}

export interface LinkOptions {
  readonly scheduler: Scheduler;
  /** Whose end the wire is. */
  readonly owner: Owner;
  readonly latencyMs: number;
  readonly bytesPerMs: number;
}

/** What a client's system takes before it waits for the relay. */
const bufferBytes = 64 * 1024;

/** A connection in memory: bytes arrive in order, after the latency, as fast as the relay reads. */
export class Link implements Wire {
  readonly localAddress = "10.0.0.1";
  readonly #options: LinkOptions;
  #peer: Peer | null = null;
  #events: WireEvents | null = null;
  #isOpen = true;
  /** When the relay has read what was written so far, and when the client has. */
  #readAt = 0;
  #arrivedAt = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** As the client sees it. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  attach(peer: Peer): void {
    this.#peer = peer;
  }

  open(events: WireEvents): void {
    this.#events = events;
  }

  write(bytes: string | Uint8Array, taken?: () => void): void {
    if (!this.#isOpen) return;
    const { scheduler, owner, latencyMs, bytesPerMs } = this.#options;
    const copy = Buffer.from(bytes as Uint8Array);
    const reading = copy.length / bytesPerMs;
    this.#readAt = Math.max(this.#readAt, scheduler.now + latencyMs) + reading;
    scheduler.after(this.#readAt - scheduler.now, () => this.#peer?.received(copy));
    if (taken === undefined) return;
    const buffered = bufferBytes / bytesPerMs;
    scheduler.after(
      Math.max(1, this.#readAt - scheduler.now - latencyMs - buffered),
      () => {
        if (this.#isOpen) taken();
      },
      owner,
    );
  }

  secure(): Promise<TlsEvidence> {
    throw new TypeError("Simulated relays speak without TLS.");
  }

  destroy(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { scheduler, latencyMs } = this.#options;
    // What was written before still arrives.
    this.#readAt = Math.max(this.#readAt, scheduler.now + latencyMs);
    scheduler.after(this.#readAt - scheduler.now, () => this.#peer?.closed());
  }

  /** From the relay; `onRead` is called once the client has read it, if it still listens. */
  reply(text: string, onRead: () => void = () => {}): void {
    this.#toClient(() => {
      onRead();
      this.#events?.bytes(Buffer.from(text));
    });
  }

  /** The relay closes it, or it breaks. */
  end(error: NodeJS.ErrnoException | null): void {
    this.#toClient(() => this.#events?.lost(error));
  }

  #toClient(run: () => void): void {
    const { scheduler, owner, latencyMs } = this.#options;
    this.#arrivedAt = Math.max(this.#arrivedAt, scheduler.now + latencyMs);
    scheduler.after(
      this.#arrivedAt - scheduler.now,
      () => {
        if (this.#isOpen) run();
      },
      owner,
    );
  }
}
