import type { SandboxMessage } from "./sandbox-message.ts";

interface Kept {
  readonly message: SandboxMessage;
  readonly source: Uint8Array;
}

/** The last messages, in memory. The oldest go when there are too many, or too many bytes. */
export class Inbox {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(limits: { readonly maxMessages: number; readonly maxBytes: number }) {
    this.#maxMessages = limits.maxMessages;
    this.#maxBytes = limits.maxBytes;
  }

  add(message: SandboxMessage, source: Uint8Array): void {
    this.#kept.set(message.id, { message, source });
    this.#bytes += source.byteLength;
    for (const [id, oldest] of this.#kept) {
      if (this.#kept.size <= this.#maxMessages && this.#bytes <= this.#maxBytes) break;
      this.#kept.delete(id);
      this.#bytes -= oldest.source.byteLength;
    }
  }

  /** Newest first. */
  list(): SandboxMessage[] {
    return Array.from(this.#kept.values(), (kept) => kept.message).reverse();
  }

  get(id: string): Kept | undefined {
    return this.#kept.get(id);
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }
}
