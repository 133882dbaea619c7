import { parentPort, workerData } from "node:worker_threads";
import {
  openSqliteDatabase,
  type SqliteAnswer,
  type SqliteDatabase,
  type SqliteStatement,
} from "./sqlite-database.ts";

/** The thread of a SQLite file: takes statements in order and answers each. See sqlite-thread.ts. */

/** Statements for one transaction, a statement by itself, or null for the end. */
export type Question = readonly SqliteStatement[] | SqliteStatement | null;

/** What survives the way between threads of an error of `node:sqlite`. */
export interface Failure {
  readonly message: string;
  readonly errcode: number | null;
}

/** Answers come in the order of their questions. The first one answers the opening of the file. */
export type Reply =
  | { readonly ok: true; readonly answers: readonly SqliteAnswer[] }
  | { readonly ok: false; readonly failure: Failure };

const port = parentPort;
if (port === null) throw new Error("This file is the body of a worker thread.");

function reply(work: () => readonly SqliteAnswer[]): void {
  let said: Reply;
  try {
    said = { ok: true, answers: work() };
  } catch (error) {
    const { message, errcode = null } = error as { message: string; errcode?: number };
    said = { ok: false, failure: { message, errcode } };
  }
  port?.postMessage(said);
}

const { file } = workerData as { file: string };
let database: SqliteDatabase | null = null;
reply(() => {
  database = openSqliteDatabase(file);
  return [];
});
port.on("message", (question: Question) => {
  reply(() => {
    if (database === null) return [];
    if (question === null) database.close();
    else if ("sql" in question) return [database.execute(question)];
    else return database.transact(question);
    return [];
  });
  if (question === null) port.close();
});
