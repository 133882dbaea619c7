import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { SqliteAccess, SqliteAnswer, SqliteStatement } from "./database.ts";
import type { Failure, Question, Reply, SentStatement } from "./worker.ts";

/** A SQLite file in a thread of its own. */
export interface SqliteThread {
  /** @throws SqliteFailure */
  execute(statement: SqliteStatement): Promise<SqliteAnswer>;
  /**
   * Executes all of them in one transaction, or none; the thread waits for nobody in between.
   * @throws SqliteFailure
   */
  transact(statements: readonly SqliteStatement[]): Promise<readonly SqliteAnswer[]>;
  /** Answers what was asked, then closes the file and ends the thread. */
  close(): Promise<void>;
}

/** An error of SQLite; `errcode` is null where the thread itself failed. */
class SqliteFailure extends Error {
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

/** Texts of statements that the thread keeps: more than Sendwright has. */
const maxTexts = 500;
/** Rows pass through the thread and are gone: what V8 would reserve for them by default is never needed. */
const maxYoungGenerationSizeMb = 8;

interface Asked {
  readonly resolve: (answer: readonly SqliteAnswer[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * `node:sqlite` answers while the caller waits, also for the disk. In a thread of its own that holds up
 * neither the sockets to the relays nor those who ask for something else.
 * @throws SqliteFailure if the file cannot be opened.
 */
export async function startSqliteThread(file: string, access: SqliteAccess): Promise<SqliteThread> {
  // The sources run as they are; the build has the same file as JavaScript.
  const body = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
  // A channel of its own: on the worker's, others speak too. `node --watch` reports there what was loaded, and
  // so may what NODE_OPTIONS has Node.js load.
  const { port1: port, port2 } = new MessageChannel();
  const worker = new Worker(body, {
    workerData: { file, access, port: port2 },
    transferList: [port2],
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb },
  });
  const asked: Asked[] = [];
  let ended: SqliteFailure | null = null;

  function take(reply: Reply): void {
    const next = asked.shift();
    if (asked.length === 0) port.unref();
    if (reply.ok) next?.resolve(reply.answers);
    else next?.reject(errorOf(reply.failure));
  }
  function end(message: string): void {
    // The end may be heard of before the last answers are: what they tell was committed.
    for (let last = receiveMessageOnPort(port); last !== undefined; last = receiveMessageOnPort(port)) {
      take(last.message as Reply);
    }
    ended ??= new SqliteFailure(message, null);
    for (const { reject } of asked.splice(0)) reject(ended);
    port.close();
  }
  // An idle database keeps no process alive; one that is waited for does, by its port.
  worker.unref();
  port.on("message", take);
  worker.on("error", (error) => end(`the thread of the database failed: ${String(error)}`));
  worker.on("exit", () => end("the thread of the database has ended"));

  function ask(question: Question): Promise<readonly SqliteAnswer[]> {
    if (ended !== null) return Promise.reject(ended);
    if (asked.length === 0) port.ref();
    port.postMessage(question);
    return answer();
  }
  function answer(): Promise<readonly SqliteAnswer[]> {
    return new Promise((resolve, reject) => asked.push({ resolve, reject }));
  }

  const numbers = new Map<string, number>();

  function packed({ sql, parameters }: SqliteStatement): SentStatement {
    const values = parameters.map(ownBytes);
    const known = numbers.get(sql);
    if (known !== undefined) return { number: known, text: null, parameters: values };
    if (numbers.size >= maxTexts) return { number: null, text: sql, parameters: values };
    const number = numbers.size;
    numbers.set(sql, number);
    return { number, text: sql, parameters: values };
  }

  try {
    await answer();
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    async execute(statement) {
      const [given] = await ask(packed(statement));
      if (given === undefined) throw new SqliteFailure("the database gave no answer", null);
      return given;
    },
    transact: (statements) => ask(statements.map(packed)),
    async close() {
      await ask(null).catch(() => null);
      await worker.terminate();
    },
  };
}

/**
 * Bytes travel with all of the memory that they are a part of, 64 KiB for a small Buffer of Node.js: a part is
 * copied out first. (`slice` of a Buffer copies nothing.)
 */
function ownBytes(value: unknown): unknown {
  const isPart = value instanceof Uint8Array && value.byteLength < value.buffer.byteLength;
  return isPart ? new Uint8Array(value) : value;
}
