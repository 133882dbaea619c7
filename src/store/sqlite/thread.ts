import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { SqliteAccess, SqliteAnswer, SqliteStatement } from "./database.ts";
import type { Failure, Question, Reply, SentStatement } from "./worker.ts";

/** A SQLite database as the dialect uses it: a file in a thread of its own, or memory in this one. */
export interface SqliteConnection {
  /** Whether its thread has ended: from then on all that it is asked fails. */
  readonly hasEnded: boolean;
  /** @throws SqliteFailure */
  execute(statement: SqliteStatement): Promise<SqliteAnswer>;
  /**
   * Executes all of them in one transaction, or none; nothing else is executed in between.
   * @throws SqliteFailure
   */
  transact(statements: readonly SqliteStatement[]): Promise<readonly SqliteAnswer[]>;
  /** Answers what was asked, then closes the database. */
  close(): Promise<void>;
}

/** An error of SQLite; `errcode` is null where the thread itself failed. */
export class SqliteFailure extends Error {
  override readonly name = "SqliteFailure";
  readonly errcode: number | null;

  constructor(message: string, errcode: number | null) {
    super(message);
    this.errcode = errcode;
  }
}

/** One that is not SQLite's is a mistake in the program, such as a value that SQLite has no type for. */
function errorOf({ message, errcode }: Failure): Error {
  return errcode === null ? new TypeError(message) : new SqliteFailure(message, errcode);
}

/** Texts of statements that the thread stores: more than Sendwright has. */
const maxTexts = 500;
/** Rows pass through the thread and are gone: what V8 would reserve for them by default is never needed. */
const maxYoungGenerationSizeMb = 8;

interface Asked {
  readonly resolve: (answer: readonly SqliteAnswer[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * `node:sqlite` answers while the caller waits, also for the disk. In a thread of its own that holds up
 * neither the sockets to the relays nor other requests.
 */
export class SqliteThread implements SqliteConnection {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #asked: Asked[] = [];
  /** The numbers that stand for texts of statements. */
  readonly #numbers = new Map<string, number>();
  #ended: SqliteFailure | null = null;

  private constructor(file: string, access: SqliteAccess) {
    // The sources run as they are; the build has the same file as JavaScript.
    const body = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
    // A channel of its own: on the worker's, others speak too. `node --watch` reports there what was loaded, and
    // so may what NODE_OPTIONS has Node.js load.
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(body, {
      workerData: { file, access, port: port2 },
      transferList: [port2],
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb },
    });
    // An idle database does not stop the process from ending; one with questions does, by its port.
    this.#worker.unref();
    this.#port.on("message", (reply: Reply) => this.#settle(reply));
    this.#worker.on("error", (error) => this.#end(`the database thread failed: ${String(error)}`));
    this.#worker.on("exit", () => this.#end("the database thread stopped"));
  }

  /** @throws SqliteFailure if the file cannot be opened. */
  static async start(file: string, access: SqliteAccess): Promise<SqliteThread> {
    const thread = new SqliteThread(file, access);
    try {
      await thread.#answer();
      return thread;
    } catch (error) {
      await thread.#worker.terminate();
      throw error;
    }
  }

  get hasEnded(): boolean {
    return this.#ended !== null;
  }

  async execute(statement: SqliteStatement): Promise<SqliteAnswer> {
    const [given] = await this.#ask((pack) => pack(statement));
    if (given === undefined) throw new SqliteFailure("the database didn't respond", null);
    return given;
  }

  transact(statements: readonly SqliteStatement[]): Promise<readonly SqliteAnswer[]> {
    return this.#ask((pack) => statements.map(pack));
  }

  /** Answers what was asked, then closes the file and ends the thread. */
  async close(): Promise<void> {
    await this.#ask(() => null).catch(() => null);
    await this.#worker.terminate();
  }

  async #ask(
    questionOf: (pack: (statement: SqliteStatement) => SentStatement) => Question,
  ): Promise<readonly SqliteAnswer[]> {
    if (this.#ended !== null) throw this.#ended;
    /** Texts that travel for the first time, with their numbers. */
    const texts = new Map<string, number>();
    // A value that cannot travel fails here, before the thread knows of the texts.
    this.#port.postMessage(questionOf((statement) => this.#packed(statement, texts)));
    for (const [text, number] of texts) this.#numbers.set(text, number);
    if (this.#asked.length === 0) this.#port.ref();
    return this.#answer();
  }

  #answer(): Promise<readonly SqliteAnswer[]> {
    return new Promise((resolve, reject) => this.#asked.push({ resolve, reject }));
  }

  #settle(reply: Reply): void {
    const next = this.#asked.shift();
    if (this.#asked.length === 0) this.#port.unref();
    if (reply.ok) next?.resolve(reply.answers);
    else next?.reject(errorOf(reply.failure));
  }

  #end(message: string): void {
    // The end may arrive before the last answers: the work that they report was committed.
    for (;;) {
      const last = receiveMessageOnPort(this.#port);
      if (last === undefined) break;
      this.#settle(last.message as Reply);
    }
    this.#ended ??= new SqliteFailure(message, null);
    for (const { reject } of this.#asked.splice(0)) reject(this.#ended);
    this.#port.close();
  }

  #packed({ sql, parameters }: SqliteStatement, texts: Map<string, number>): SentStatement {
    const values = parameters.map(ownBytes);
    const known = this.#numbers.get(sql) ?? texts.get(sql);
    if (known !== undefined) return { number: known, text: null, parameters: values };
    const number = this.#numbers.size + texts.size;
    if (number >= maxTexts) return { number: null, text: sql, parameters: values };
    texts.set(sql, number);
    return { number, text: sql, parameters: values };
  }
}

/**
 * Bytes travel with all of the memory that they are a part of, 64 KiB for a small Buffer of Node.js: a part is
 * copied out first. (`slice` of a Buffer copies nothing.)
 */
function ownBytes(value: unknown): unknown {
  const isPart = value instanceof Uint8Array && value.byteLength < value.buffer.byteLength;
  return isPart ? new Uint8Array(value) : value;
}
