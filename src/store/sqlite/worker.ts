import { type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { freeMemory } from "../../core/free-memory.ts";
import { type SqliteAccess, type SqliteAnswer, SqliteDatabase, type SqliteStatement } from "./database.ts";

/** The thread of a SQLite file: executes statements in order and answers each. See thread.ts. */

/**
 * A statement under way to the thread. Texts for many rows are long, so each travels once: from then on its
 * number stands for it. A text without a number is not stored.
 */
export interface SentStatement {
  readonly number: number | null;
  readonly text: string | null;
  readonly parameters: readonly unknown[];
}

/** Statements for one transaction, a statement by itself, or null for the end. */
export type Question = readonly SentStatement[] | SentStatement | null;

/** What survives the way between threads of an error of `node:sqlite`. */
export interface Failure {
  readonly message: string;
  /** Of SQLite; null where it did not come so far. */
  readonly errcode: number | null;
}

/** Answers come in the order of their questions. The first one answers the opening of the file. */
export type Reply =
  | { readonly ok: true; readonly answers: readonly SqliteAnswer[] }
  | { readonly ok: false; readonly failure: Failure };

const { file, access, port } = workerData as { file: string; access: SqliteAccess; port: MessagePort };

const answer = (answers: readonly SqliteAnswer[]) => port.postMessage({ ok: true, answers } satisfies Reply);
const fail = (error: unknown) => {
  const { message, errcode = null } = error as { message: string; errcode?: number };
  port.postMessage({ ok: false, failure: { message, errcode } } satisfies Reply);
};

let database: SqliteDatabase | null = null;
try {
  database = new SqliteDatabase(file, access);
  answer([]);
} catch (error) {
  fail(error);
}

port.on("message", (first: Question) => {
  // Questions that arrived while the disk was busy are handled together: transactions among them share a commit.
  const questions = [first];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    questions.push(next.message as Question);
  }
  while (questions.length > 0) {
    const end = questions.findIndex((question) => !isTransaction(question));
    const together = questions.splice(0, end === -1 ? questions.length : end).filter(isTransaction);
    if (together.length > 0) transact(together);
    // The thread's own copy of what was stored; its garbage collector would come to it much later.
    for (const { parameters } of together.flat()) {
      for (const value of parameters) if (value instanceof Uint8Array) freeMemory(value);
    }
    const next = questions.shift();
    if (next !== undefined) executeOne(next);
  }
});

function isTransaction(question: Question): question is readonly SentStatement[] {
  return Array.isArray(question);
}

const texts: string[] = [];

function received({ number, text, parameters }: SentStatement): SqliteStatement {
  if (number !== null && text !== null) texts[number] = text;
  return { sql: text ?? texts[number ?? -1] ?? "", parameters };
}

function transact(transactions: readonly (readonly SentStatement[])[]): void {
  for (const done of database?.transact(transactions.map((one) => one.map(received))) ?? []) {
    if (done.committed) answer(done.answers);
    else fail(done.error);
  }
}

function executeOne(question: Question): void {
  try {
    if (question === null) {
      database?.close();
      answer([]);
      port.close();
    } else if ("parameters" in question && database !== null) {
      answer([database.execute(received(question))]);
    }
  } catch (error) {
    fail(error);
  }
}
