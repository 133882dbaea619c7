import { describe, expect, test } from "vitest";
import { base64Lines } from "./part.ts";

/** As much base64 as one step encodes. */
const stepLength = 76 * 8_192;

function linesOf(content: Uint8Array | string): string | null {
  const steps = base64Lines(content);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value === null ? null : Buffer.concat(step.value).toString("latin1");
}

describe("long content in base64", () => {
  test.each([
    0,
    1,
    57,
    58,
    (stepLength / 4) * 3 - 1,
    (stepLength / 4) * 3,
    (stepLength / 4) * 3 + 1,
    stepLength * 2,
  ])("of %d bytes is the same in one step or many, from bytes or text", (length) => {
    const bytes = Buffer.alloc(length, "long content");
    const base64 = bytes.toString("base64");
    const lines = base64.match(/.{1,76}/g)?.join("\r\n") ?? "";
    expect(linesOf(bytes) === lines).toBe(true);
    expect(linesOf(base64) === lines).toBe(true);
    // As a part of other memory.
    expect(linesOf(Buffer.concat([Buffer.from("xx"), bytes]).subarray(2)) === lines).toBe(true);
  });

  test.each([
    ["padded before its end", `${"A".repeat(stepLength - 2)}==${"A".repeat(4)}`],
    ["not canonical in a later step", `${"A".repeat(stepLength)}AB==`],
    ["of a length that base64 has not", "A".repeat(stepLength + 3)],
    ["with a line break between two steps", `${"A".repeat(stepLength)}\nAAA`],
  ])("is refused if it is %s", (_name, base64) => {
    expect(linesOf(base64)).toBeNull();
  });
});
