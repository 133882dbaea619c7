import type { SandboxMessage } from "./sandbox-message.ts";

interface StoredMessage {
  readonly message: SandboxMessage;
  readonly source: Uint8Array;
}

/** The last messages, in memory. The oldest go when there are too many, or too many bytes. */
export class Inbox {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #messages = new Map<string, StoredMessage>();
  #bytes = 0;

  constructor(limits: { readonly maxMessages: number; readonly maxBytes: number }) {
    this.#maxMessages = limits.maxMessages;
    this.#maxBytes = limits.maxBytes;
  }

  add(message: SandboxMessage, source: Uint8Array): void {
    this.#messages.set(message.id, { message, source });
    this.#bytes += source.byteLength;
    for (const [id, oldest] of this.#messages) {
      if (this.#messages.size <= this.#maxMessages && this.#bytes <= this.#maxBytes) break;
      this.#messages.delete(id);
      this.#bytes -= oldest.source.byteLength;
    }
  }

  /** Newest first. */
  list(): SandboxMessage[] {
    return Array.from(this.#messages.values(), ({ message }) => message).reverse();
  }

  get(id: string): StoredMessage | undefined {
    return this.#messages.get(id);
  }

  clear(): void {
    this.#messages.clear();
    this.#bytes = 0;
  }
}
