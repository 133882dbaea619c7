import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import type { Log } from "../../core/log.ts";
import type { ConnectionTests } from "../../diagnosis/connection-tests.ts";
import { problemOf } from "../problem.ts";
import type { ServerEnv } from "../route.ts";
import { testReport } from "../schema/tests.ts";

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
  const early: Told[] = [];
  const started = Promise.withResolvers<void>();
  let tell: Tell = (event, data) => {
    early.push([event, data]);
    started.resolve();
  };
  const report = tests.run({
    ...test,
    signal,
    onProgress: (progress) => tell("progress", progress),
    onStage: (stage) => tell("stage", stage),
    onCorrection: (correction) => tell("correction", correction),
  });
  // What is refused before anything was dialled is a plain problem with its own status. The first stage
  // starts the answer by beginning: how long it takes then is for the client to see.
  await Promise.race([started.promise, report]);

  // nginx would keep the events back until the end.
  c.header("x-accel-buffering", "no");
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => gone.abort());
    // Events queue up in the order in which they were told.
    let written = Promise.resolve();
    tell = (event, data) => {
      written = written.then(() => stream.writeSSE({ event, data: JSON.stringify(data) }));
    };
    for (const told of early) tell(...told);
    await report.then(
      (result) => tell("report", result),
      (error: unknown) => {
        if (!signal.aborted) tell("problem", problemOf(error, log));
      },
    );
    await written;
  });
}

type Told = readonly [event: "progress" | "stage" | "correction" | "report" | "problem", data: unknown];
type Tell = (...told: Told) => void;
