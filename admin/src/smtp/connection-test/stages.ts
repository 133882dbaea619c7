import type { Stage } from "../../api/model.ts";
import type { TestStage } from "../../api/types.ts";
import type { SmtpForm } from "../form/form.ts";
import { evidenceWords } from "./evidence.ts";

/** The stages a test of this form will go through, so that the page can show what is still to come. */
export function expectedStages(form: SmtpForm, sendsEmail: boolean): Stage[] {
  const isImplicit =
    form.tlsMode === "implicit" || (form.tlsMode === "auto" && form.smtpPort.trim() === "465");
  const opening: Stage[] = !form.useTls
    ? ["greeting", "ehlo"]
    : isImplicit
      ? ["tls", "greeting", "ehlo"]
      : ["greeting", "ehlo", "starttls", "tls"];
  return [
    "resolve",
    "connect",
    ...opening,
    ...(form.username.trim() === "" ? [] : (["auth"] as const)),
    "sender",
    ...(sendsEmail ? (["recipient", "message"] as const) : []),
  ];
}

export interface StageRow {
  readonly stage: Stage;
  /** Null while it is still to come. */
  readonly result: TestStage | null;
  readonly isRunning: boolean;
  /** What was seen so far of a stage that runs, in words. */
  readonly found: string | null;
}

/** The stage that is under way, with what it has seen so far. */
export interface Progress {
  readonly stage: Stage;
  readonly evidence: TestStage["evidence"];
}

/**
 * What has come and, of a test that runs, what is expected. What was skipped, having no place or coming
 * after a failure, is not shown.
 */
export function stageRows(
  results: readonly TestStage[],
  expected: readonly Stage[],
  progress: Progress | null,
): StageRow[] {
  const come = results
    .filter(({ status }) => status !== "skipped")
    .map((result): StageRow => ({ stage: result.stage, result, isRunning: false, found: null }));
  if (results.some(({ status }) => status === "failed")) return come;
  const toCome = expected.filter((stage) => !results.some((result) => result.stage === stage));
  const running = toCome.find((stage) => stage === progress?.stage) ?? toCome[0];
  return [
    ...come,
    ...toCome.map((stage): StageRow => {
      const found = stage === progress?.stage ? evidenceWords(progress) : null;
      return { stage, result: null, isRunning: stage === running, found };
    }),
  ];
}

/** The results with one more. After STARTTLS the introduction comes a second time: the later one counts. */
export function withResult(results: readonly TestStage[], next: TestStage): readonly TestStage[] {
  const isAgain = results.some(({ stage }) => stage === next.stage);
  return isAgain ? results.map((each) => (each.stage === next.stage ? next : each)) : [...results, next];
}
