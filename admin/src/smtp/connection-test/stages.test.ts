import { expect, test } from "vitest";
import type { TestStage } from "../../api/types.ts";
import { emptyForm } from "../form/form.ts";
import { expectedStages, stageRows, withResult } from "./stages.ts";

const withUser = { ...emptyForm, username: "jo" };

function stage(name: TestStage["stage"], status: TestStage["status"] = "passed"): TestStage {
  return { stage: name, status, durationMs: 1, evidence: {}, transcript: [] };
}

test("expects STARTTLS after EHLO, and sign-in", () => {
  expect(expectedStages(withUser, false).join(" ")).toBe(
    "resolve connect greeting ehlo starttls tls auth sender",
  );
});

test("expects TLS before the greeting on port 465", () => {
  expect(expectedStages({ ...emptyForm, smtpPort: "465" }, true).join(" ")).toBe(
    "resolve connect tls greeting ehlo sender recipient message",
  );
});

test("expects no TLS where it is off", () => {
  expect(expectedStages({ ...emptyForm, useTls: false }, false).join(" ")).toBe(
    "resolve connect greeting ehlo sender",
  );
});

test("shows the stages to come, the first of them running", () => {
  const rows = stageRows([stage("resolve")], ["resolve", "connect", "greeting"], null);
  expect(rows.map((row) => [row.stage, row.result?.status, row.isRunning])).toEqual([
    ["resolve", "passed", false],
    ["connect", undefined, true],
    ["greeting", undefined, false],
  ]);
});

test("shows what the stage under way has seen so far", () => {
  const failures = [{ address: "192.0.2.1", error: "ETIMEDOUT" }];
  const rows = stageRows([stage("resolve")], ["resolve", "connect"], {
    stage: "connect",
    evidence: { failures },
  });
  expect(rows.at(-1)).toMatchObject({ isRunning: true, found: "192.0.2.1: timed out" });
});

test("shows nothing to come after a failure or the end", () => {
  expect(stageRows([stage("resolve", "failed")], ["resolve", "connect"], null)).toHaveLength(1);
  expect(stageRows([stage("resolve")], [], null)).toHaveLength(1);
});

test("leaves out what was skipped", () => {
  expect(stageRows([stage("resolve", "failed"), stage("connect", "skipped")], [], null)).toHaveLength(1);
});

test("puts the second introduction in the place of the first", () => {
  const later = { ...stage("ehlo"), durationMs: 9 };
  expect(withResult([stage("ehlo"), stage("tls")], later)).toEqual([later, stage("tls")]);
});
