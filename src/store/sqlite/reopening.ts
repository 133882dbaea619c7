import type { Clock } from "../../core/clock.ts";
import type { SqliteAnswer, SqliteStatement } from "./database.ts";
import { type SqliteConnection, SqliteFailure } from "./thread.ts";

/** How long nobody tries to open a file again that could not be opened, at first and at the most. */
const firstDelayMs = 100;
const maxDelayMs = 5_000;

type State =
  | { readonly kind: "unopened" }
  | { readonly kind: "open"; readonly connection: Promise<SqliteConnection> }
  | { readonly kind: "failed"; readonly error: unknown; readonly until: number }
  | { readonly kind: "closed" };

/**
 * A SQLite database that is opened when it is first asked, and again after its thread has ended. What was asked of the
 * thread that ended has failed, and is not asked again.
 */
export class ReopeningSqlite {
  readonly #open: () => Promise<SqliteConnection>;
  readonly #clock: Pick<Clock, "monotonic">;
  #state: State = { kind: "unopened" };
  /** How often it could not be opened, or has ended without an answer, since the last answer. */
  #failures = 0;

  constructor(open: () => Promise<SqliteConnection>, clock: Pick<Clock, "monotonic">) {
    this.#open = open;
    this.#clock = clock;
  }

  /** @param on a connection that `current` gave: if that has ended, so has what was begun on it. */
  async execute(statement: SqliteStatement, on: SqliteConnection | undefined): Promise<SqliteAnswer> {
    return this.#answered(await (on ?? (await this.current())).execute(statement));
  }

  async transact(statements: readonly SqliteStatement[]): Promise<readonly SqliteAnswer[]> {
    return this.#answered(await (await this.current()).transact(statements));
  }

  /**
   * The connection that is open, for whoever needs the same one more than once.
   * @throws SqliteFailure
   */
  async current(): Promise<SqliteConnection> {
    const state = this.#state;
    switch (state.kind) {
      case "closed":
        throw new SqliteFailure("the database is closed", null);
      case "unopened":
        return this.#opened();
      case "failed":
        if (this.#clock.monotonic() < state.until) throw state.error;
        return this.#opened();
      case "open": {
        const connection = await state.connection;
        if (!connection.hasEnded) return connection;
        // Whoever finds it first opens it again for all.
        if (this.#state === state) this.#failed(new SqliteFailure("the database thread stopped", null));
        return this.current();
      }
      default:
        return state satisfies never;
    }
  }

  /** Answers what was asked, then closes the database. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    if (state.kind !== "open") return;
    const connection = await state.connection.catch(() => null);
    await connection?.close();
  }

  #opened(): Promise<SqliteConnection> {
    const connection = this.#open();
    const state: State = { kind: "open", connection };
    this.#state = state;
    return connection.catch((error: unknown) => {
      if (this.#state === state) this.#failed(error);
      throw error;
    });
  }

  /** The first time it is opened again at once, then after a while that grows. */
  #failed(error: unknown): void {
    const delayMs = this.#failures === 0 ? 0 : Math.min(firstDelayMs * 2 ** (this.#failures - 1), maxDelayMs);
    this.#failures += 1;
    this.#state = { kind: "failed", error, until: this.#clock.monotonic() + delayMs };
  }

  #answered<Answer>(answer: Answer): Answer {
    this.#failures = 0;
    return answer;
  }
}
