import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compose, expectedReading, messages } from "../golden/messages.ts";
import storedReadings from "../golden/python-email.json" with { type: "json" };

const script = fileURLToPath(new URL("./parse_email.py", import.meta.url));
const hasPython = spawnSync("python3", ["-c", "import email.policy"]).status === 0;

/** What Python's email package reads in a message; where Python is missing, what it read in the golden one. */
function read(name: string, message: Buffer): unknown {
  if (!hasPython) return new Map<string, unknown>(Object.entries(storedReadings)).get(name);
  const run = spawnSync("python3", [script], { input: message, encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

describe.each(Object.entries(messages))("Python's email package", (name, input) => {
  it(`finds in ${name}.eml what was put in`, () => {
    expect(read(name, compose(input))).toEqual(expectedReading(input));
  });
});

it("has a stored reading of each golden message", () => {
  const expected = Object.entries(messages).map(([name, input]) => [name, expectedReading(input)]);
  expect(storedReadings).toEqual(JSON.parse(JSON.stringify(Object.fromEntries(expected))));
});
