import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import type { Log } from "../../core/log.ts";
import { parse } from "../../core/parse.ts";
import type { ConnectionTest, ConnectionTests } from "../../diagnosis/connection-tests.ts";
import { smtpConfigTest } from "../../smtp-configs/settings.ts";
import { problemOf } from "../problem.ts";
import type { ServerEnv } from "../route.ts";
import { testReport } from "../schema/tests.ts";

export const testReply = {
  description: "Report of the test, whether it passed or failed",
  content: {
    "application/json": { schema: testReport },
    "text/event-stream": { schema: z.string() },
  },
};

/** What a route tests, and who gets the test email. */
export type RequestedTest = Pick<ConnectionTest, "target" | "sendTo">;

/** The test of a saved config: as edited if the body has fields of the form, otherwise as saved. */
export function savedTest(id: string, body: unknown): RequestedTest {
  const isForm =
    body !== undefined && !(isObject(body) && Object.keys(body).every((key) => key === "sendTo"));
  if (isForm) return { target: { kind: "edited", id, form: body } };
  return { target: { kind: "saved", id }, ...parse(smtpConfigTest, body ?? {}) };
}

/** The test of the stored draft of a config. */
export function draftTest(id: string, body: unknown): RequestedTest {
  return { target: { kind: "draft", id }, ...parse(smtpConfigTest, body ?? {}) };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Runs a connection test and answers as the client accepts; the test stops when the client goes away. */
export async function runTest(
  c: Context<ServerEnv>,
  tests: ConnectionTests,
  log: Log,
  requested: RequestedTest,
) {
  const { actor, email } = c.get("caller");
  const test = { ...requested, actor, ...(email === null ? {} : { ownAddress: email }) };
  if (!/\btext\/event-stream\b/i.test(c.req.header("accept") ?? "")) {
    return c.json(await tests.run({ ...test, signal: c.req.raw.signal }), 200);
  }

  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, c.req.raw.signal]);
  const early: StreamEvent[] = [];
  const started = Promise.withResolvers<void>();
  let send: Send = (event, data) => {
    early.push([event, data]);
    started.resolve();
  };
  const report = tests.run({
    ...test,
    signal,
    onProgress: (progress) => send("progress", progress),
    onStage: (stage) => send("stage", stage),
    onAlternativeTried: (alternative) => send("correction", alternative),
  });
  // A test that is refused before anything is dialed is answered by a problem with its own status. The
  // stream begins with the first stage, so that the client sees how long that takes.
  await Promise.race([started.promise, report]);

  // nginx would buffer the events until the end.
  c.header("x-accel-buffering", "no");
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => gone.abort());
    // Events are written in order, one after the other.
    let written = Promise.resolve();
    send = (event, data) => {
      written = written.then(() => stream.writeSSE({ event, data: JSON.stringify(data) }));
    };
    for (const event of early) send(...event);
    await report.then(
      (result) => send("report", result),
      (error: unknown) => {
        if (!signal.aborted) send("problem", problemOf(error, log));
      },
    );
    await written;
  });
}

type StreamEvent = readonly [
  event: "progress" | "stage" | "correction" | "report" | "problem",
  data: unknown,
];
type Send = (...event: StreamEvent) => void;
