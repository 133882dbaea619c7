import { expect, test } from "vitest";
import { readEvents, type ServerEvent } from "./event-stream.ts";

async function read(...chunks: string[]): Promise<ServerEvent[]> {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
  const events: ServerEvent[] = [];
  for await (const event of readEvents(body)) events.push(event);
  return events;
}

test("reads named events in order", async () => {
  expect(await read('event: stage\ndata: {"a":1}\n\nevent: report\ndata: {}\n\n')).toEqual([
    { event: "stage", data: '{"a":1}' },
    { event: "report", data: "{}" },
  ]);
});

test("joins an event that arrives in pieces, and lines ending in CRLF", async () => {
  expect(await read("event: st", "age\r", "\ndata: o", "ne\r\ndata: two\r\n", "\r\n")).toEqual([
    { event: "stage", data: "one\ntwo" },
  ]);
});

test("passes over comments and an event that was cut off", async () => {
  expect(await read(": still here\n\ndata: whole\n\ndata: cut")).toEqual([
    { event: "message", data: "whole" },
  ]);
});
