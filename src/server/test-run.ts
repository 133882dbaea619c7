import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import type { ConnectionTests } from "../doctor/connection-tests.ts";
import type { TestStage } from "../doctor/report.ts";
import type { Log } from "../log.ts";
import { problemOf } from "./problem.ts";
import type { ServerEnv } from "./route.ts";
import { testReport } from "./schemas.ts";

export const testReply = {
  description: "The report, also of a test that found a fault",
  content: {
    "application/json": { schema: testReport },
    "text/event-stream": { schema: z.string() },
  },
};

/** The saved config (`id` alone), its draft (`isDraft`), the saved config as edited (`id` and `body`), or a draft (`body`). */
export interface TestSubject {
  readonly id?: string;
  readonly isDraft?: boolean;
  readonly body: unknown;
}

/** Runs a connection test and answers as the client accepts; the test stops when the client goes away. */
export async function runTest(c: Context<ServerEnv>, tests: ConnectionTests, log: Log, subject: TestSubject) {
  const { actor, email } = c.get("caller");
  const test = { ...subject, actor, ...(email === null ? {} : { ownAddress: email }) };
  if (!/\btext\/event-stream\b/i.test(c.req.header("accept") ?? "")) {
    return c.json(await tests.run({ ...test, signal: c.req.raw.signal }), 200);
  }

  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, c.req.raw.signal]);
  const early: TestStage[] = [];
  let tell = (stage: TestStage) => {
    early.push(stage);
    started.resolve();
  };
  const started = Promise.withResolvers<void>();
  const report = tests.run({
    ...test,
    signal,
    onStage: (stage) => tell(stage),
  });
  // What is refused before anything was dialled is a plain problem with its own status.
  await Promise.race([started.promise, report]);

  // nginx would keep the stages back until the end.
  c.header("x-accel-buffering", "no");
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => gone.abort());
    // Events queue up in the order in which they were told.
    let written = Promise.resolve();
    const write = (event: string, data: unknown) => {
      written = written.then(() => stream.writeSSE({ event, data: JSON.stringify(data) }));
    };
    tell = (stage) => write("stage", stage);
    for (const stage of early) tell(stage);
    await report.then(
      (result) => write("report", result),
      (error: unknown) => {
        if (!signal.aborted) write("problem", problemOf(error, log));
      },
    );
    await written;
  });
}
