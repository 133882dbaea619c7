interface Waiting {
  readonly bytes: number;
  readonly grant: (release: () => void) => void;
}

/**
 * Bounds how many bytes are held at once. Requests are granted in their order, so that none starves; one that is
 * larger than the whole budget is granted alone.
 */
export class ByteBudget {
  readonly limit: number;
  readonly #waiting = new Set<Waiting>();
  #inUse = 0;

  /** @param limit bytes, 1 or more. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes granted and not released yet. Above the limit only while one large request holds them alone. */
  get inUse(): number {
    return this.#inUse;
  }

  /** Requests that are not granted yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves when the bytes fit and every earlier request is granted.
   * @param signal gives the place in the queue up: the promise then rejects with its reason.
   * @returns a function that releases the bytes; calling it again does nothing.
   */
  acquire(bytes: number, signal?: AbortSignal): Promise<() => void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const release = this.tryAcquire(bytes);
    if (release !== null) return Promise.resolve(release);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        bytes,
        grant(granted) {
          signal?.removeEventListener("abort", giveUp);
          resolve(granted);
        },
      };
      const giveUp = () => {
        this.#waiting.delete(waiting);
        reject(signal?.reason);
        // It may have been the only one that did not fit.
        this.#grantNext();
      };
      this.#waiting.add(waiting);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** As `acquire`, but null if the bytes would have to wait. It never overtakes what waits. */
  tryAcquire(bytes: number): (() => void) | null {
    return this.#waiting.size === 0 && this.#fits(bytes) ? this.#take(bytes) : null;
  }

  #fits(bytes: number): boolean {
    return this.#inUse === 0 || this.#inUse + bytes <= this.limit;
  }

  #take(bytes: number): () => void {
    this.#inUse += bytes;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#inUse -= bytes;
      this.#grantNext();
    };
  }

  #grantNext(): void {
    for (const waiting of this.#waiting) {
      if (!this.#fits(waiting.bytes)) return;
      this.#waiting.delete(waiting);
      waiting.grant(this.#take(waiting.bytes));
    }
  }
}
