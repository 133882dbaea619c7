import type { ByteBudget } from "../core/byte-budget.ts";
import { SendwrightError } from "../core/errors.ts";
import type { DeferredContent } from "../smtp/connection.ts";

export interface LargeContentDependencies {
  /** The fields of the sender, which stand before the stored content. */
  readonly headers: Uint8Array;
  /** Octets of the stored content; more than it has if it is encrypted. */
  readonly storedBytes: number;
  /** Reads and decrypts the stored content; undefined if it is purged. */
  readonly read: () => Promise<Uint8Array | undefined>;
  /** Null for no limit. */
  readonly budget: ByteBudget | null;
  /** Gives up waiting for the budget. */
  readonly signal: AbortSignal;
}

/** The content of an email that is read just before it is sent. From then on until `release` it holds its bytes in the budget. */
export class LargeContent implements DeferredContent {
  readonly maxSize: number;
  readonly #dependencies: LargeContentDependencies;
  #release: (() => void) | null = null;

  constructor(dependencies: LargeContentDependencies) {
    this.#dependencies = dependencies;
    this.maxSize = dependencies.headers.length + dependencies.storedBytes;
  }

  /** Resolves when its bytes fit into the budget, which it holds from then on. @throws the reason of the signal. */
  async reserve(): Promise<void> {
    const { budget, signal } = this.#dependencies;
    if (budget !== null) this.#release ??= await budget.acquire(this.maxSize, signal);
  }

  /** @throws SendwrightError `email.content_gone` */
  async read(): Promise<readonly Uint8Array[]> {
    const { headers, read } = this.#dependencies;
    // A message that moves to another session is read again, and holds its bytes already.
    await this.reserve();
    const content = await read();
    if (content === undefined) {
      throw new SendwrightError("email.content_gone", "This email's content was deleted.");
    }
    return [headers, content];
  }

  /** To be called when the message was sent, or was not. */
  release(): void {
    this.#release?.();
    this.#release = null;
  }
}
