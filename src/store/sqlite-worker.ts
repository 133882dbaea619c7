import { parentPort, workerData } from "node:worker_threads";
import { openSqliteDatabase, type SqliteAnswer } from "./sqlite-database.ts";

/** The thread of a SQLite file: takes statements in order and answers each. See sqlite-thread.ts. */

export interface Question {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** What survives the way between threads of an error of `node:sqlite`. */
export interface Failure {
  readonly message: string;
  readonly errcode: number | null;
}

/** Answers come in the order of their questions. The first one answers the opening of the file. */
export type Reply =
  | { readonly ok: true; readonly answer: SqliteAnswer | null }
  | { readonly ok: false; readonly failure: Failure };

const port = parentPort;
if (port === null) throw new Error("This file is the body of a worker thread.");

function reply(work: () => SqliteAnswer | null): void {
  let said: Reply;
  try {
    said = { ok: true, answer: work() };
  } catch (error) {
    const { message, errcode = null } = error as { message: string; errcode?: number };
    said = { ok: false, failure: { message, errcode } };
  }
  port?.postMessage(said);
}

const { file } = workerData as { file: string };
let database: ReturnType<typeof openSqliteDatabase> | undefined;
reply(() => {
  database = openSqliteDatabase(file);
  return null;
});
port.on("message", (question: Question | null) => {
  reply(() => {
    if (question === null) database?.close();
    else if (database !== undefined) return database.execute(question.sql, question.parameters);
    return null;
  });
  if (question === null) port.close();
});
