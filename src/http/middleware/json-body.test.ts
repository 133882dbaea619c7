import { gzipSync } from "node:zlib";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { ByteBudget } from "../../core/byte-budget.ts";
import { ContentMemory } from "../../core/content-memory.ts";
import { SendwrightError } from "../../core/errors.ts";
import { createLog } from "../../core/log.ts";
import { createFixedClock } from "../../testing/fixed-clock.ts";
import { problemResponse } from "../problem.ts";
import type { ServerEnv } from "../route.ts";
import type { Problem } from "../schema/common.ts";
import { jsonOnly } from "./json-body.ts";
import { JsonSize } from "./json-size.ts";

const maxBytes = 1_000;
const limits = { bytes: maxBytes, depth: 3, values: 10, names: 3 };

/** Answers with the body as the handler sees it, or with the code of the refusal. */
function app(required: boolean) {
  const memory = new ContentMemory({ budget: new ByteBudget(1_000_000), clock: createFixedClock() });
  return new Hono<ServerEnv>()
    .use(async (c, next) => {
      c.set("memory", memory);
      await next();
    })
    .post("/", jsonOnly(required, limits), async (c) => c.text(await c.req.text()))
    .onError((error, c) => c.text(error instanceof SendwrightError ? error.code : String(error), 400));
}

async function post(required: boolean, body: BodyOf, type: string | null = "application/json") {
  const headers = type === null ? {} : { "content-type": type };
  const response = await app(required).request("/", { method: "POST", headers, body, duplex: "half" });
  return response.text();
}

type BodyOf = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;

/** A body in chunks of 100 bytes, which tells how many were read. */
function chunked(count: number) {
  let read = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (read === count) return controller.close();
        read += 1;
        controller.enqueue(new Uint8Array(100).fill(0x20));
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, read: () => read };
}

describe("jsonOnly", () => {
  it("hands the body on as it came, up to its limit", async () => {
    const body = JSON.stringify("é".repeat(maxBytes / 2 - 1));
    expect(await post(true, body)).toBe(body);
    expect(await post(true, body, "Application/JSON; charset=utf-8")).toBe(body);
    expect(await post(true, `${body} `)).toBe("request.too_large");
    expect(await post(true, chunked(10).stream)).toBe(" ".repeat(maxBytes));
  });

  it("reads what is too large to its end, so that the connection stays of use", async () => {
    const { stream, read } = chunked(50);
    expect(await post(true, stream)).toBe("request.too_large");
    expect(read()).toBe(50);
  });

  it.each([
    ["too deep", "[[[[]]]]"],
    ["too deep, and never closed", "[".repeat(maxBytes)],
    ["of too many values", "[1,2,3,4,5,6,7,8,9,10]"],
    ["of too many arrays", `[${"[],".repeat(20)}[]]`],
    ["of too many names", '{"a":1,"b":{"c":[{"d":1}]}}'],
    ["of too many names in disguise", '{"\\"a":1,"\\\\":1,"c" :1, "d":1}'],
    ["of too many long names", `{"a":1,"b":1,"c":1,"${"d".repeat(300)}":1}`],
  ])("refuses a body %s", async (_name, body) => {
    expect(await post(true, body)).toBe("input.invalid");
  });

  it.each([
    ["as deep as may be", "[[[]]]"],
    ["with as many values as may be", "[1,2,3,4,5,6,7,8,9]"],
    ["whose text looks deep", '["[[[[[[{{{{{{,,,,,,,,,,,,,,\\"[[[[[[\\\\"]'],
    ["with the same names again", '[{"a":1,"b":2},{"a":1,"b":2}]'],
    ["whose text is no name", '{"a":"b","c":["d","e","f"]}'],
  ])("takes a body %s", async (_name, body) => {
    expect(await post(true, body)).toBe(body);
  });

  it("measures a body alike however it is cut into chunks", async () => {
    const bytes = Buffer.from('{"a\\"\\\\":"[[[[,,","b":[{"é":"\\\\"},[12]],"b":-1.5e3}');
    const limits = { depth: 3, values: 12, names: 3 };
    const results = [1, 2, 3, 7, bytes.length].map((step) => {
      const size = new JsonSize(limits);
      const tight = new JsonSize({ ...limits, names: 2 });
      const said = { fits: true, tight: "" };
      for (let at = 0; at < bytes.length; at += step) {
        const chunk = bytes.subarray(at, at + step);
        if (size.add(chunk) !== null) said.fits = false;
        said.tight ||= tight.add(chunk)?.message ?? "";
      }
      return said;
    });
    const expected = { fits: true, tight: "has more than 2 different field names" };
    expect(results).toEqual(results.map(() => expected));
  });

  it("reads an empty body as an empty object where there may be none", async () => {
    expect(await post(false, "")).toBe("{}");
    expect(await post(true, "")).toBe("");
    expect(await post(false, null, null)).toBe("");
  });

  it("refuses another type, a missing one, and what is not UTF-8", async () => {
    expect(await post(true, "{}", "text/plain")).toBe("request.unsupported_type");
    expect(await post(false, "{}", "text/plain")).toBe("request.unsupported_type");
    expect(await post(true, null, null)).toBe("request.unsupported_type");
    expect(await post(true, "{}", "application/jsonp")).toBe("request.unsupported_type");
    expect(await post(true, Uint8Array.of(0x22, 0xff, 0x22))).toBe("request.malformed");
  });
});

describe("what a body is said to be, and is", () => {
  const json = '{"a":"é"}';
  const bodies = {
    "UTF-8": Buffer.from(json),
    "UTF-8 with a mark": Buffer.from(`\uFEFF${json}`),
    ASCII: Buffer.from('{"a":"e"}'),
    "Latin-1": Buffer.from(json, "latin1"),
    "UTF-16": Buffer.from(json, "utf16le"),
    "UTF-16 with a mark": Buffer.from(`\uFEFF${json}`, "utf16le"),
    "UTF-16BE": Buffer.from(json, "utf16le").swap16(),
    gzip: gzipSync(json),
  } as const;
  type Body = keyof typeof bodies;
  const isText = (body: Body) => body.startsWith("UTF-8") || body === "ASCII";

  /** What the reply has to be; null if the body is taken. */
  function expected(type: string | null, coding: string | null, body: Body): [number, string] | null {
    if (coding !== null && coding !== "identity") return [415, "request.unsupported_encoding"];
    if (type === null || !type.toLowerCase().startsWith("application/json")) {
      return [415, "request.unsupported_type"];
    }
    if (body === "gzip") return [415, "request.unsupported_encoding"];
    if (isText(body)) return null;
    return /iso|16/i.test(type) ? [415, "request.unsupported_type"] : [400, "request.malformed"];
  }

  const types = [
    null,
    "application/json",
    "application/json; charset=utf-8",
    'Application/JSON;charset="UTF8"',
    "application/json; charset=ISO-8859-1",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "text/plain; charset=utf-8",
  ];
  it.each(types)("is judged by both: %s", async (type) => {
    for (const coding of [null, "identity", "gzip", "br", "gzip, br"]) {
      for (const name of Object.keys(bodies) as Body[]) {
        const headers = {
          ...(type === null ? {} : { "content-type": type }),
          ...(coding === null ? {} : { "content-encoding": coding }),
        };
        const response = await problems().request("/", { method: "POST", headers, body: bodies[name] });
        const what = `${type}, ${coding}, ${name}`;
        const refused = expected(type, coding, name);
        if (refused === null) {
          expect(await response.json(), what).toEqual({ a: name === "ASCII" ? "e" : "é" });
          continue;
        }
        const problem = (await response.json()) as Problem;
        expect([response.status, problem.code], what).toEqual(refused);
        expect(problem.detail, what).toMatch(/Send (?:it|the body) /);
        const isCoding = problem.code === "request.unsupported_encoding";
        expect(response.headers.get("accept-encoding"), what).toBe(isCoding ? "identity" : null);
        const isType = problem.code === "request.unsupported_type";
        expect(response.headers.get("accept"), what).toBe(isType ? "application/json" : null);
      }
    }
  });

  function problems() {
    return app(true).onError((error) => problemResponse(error, createLog("silent")));
  }
});
