import { duration } from "../core/format.ts";
import type { Stage } from "../core/model.ts";
import type { Problem } from "../diagnosis/explain.ts";
import {
  failedStage,
  stageOrder,
  type TestProgress,
  type TestReport,
  type TestStage,
} from "../diagnosis/report.ts";
import { stageNames } from "../diagnosis/stage-names.ts";
import type { Relay } from "../smtp/relay.ts";
import { fixAsOptions, fixInWords, seenAt } from "./stage-words.ts";
import { bold, dim, fitted, type Mark, markOf, type Output, oneLine, paragraph } from "./terminal.ts";

/** What is tested, as its heading says it. */
export interface TestedRelay {
  /** The name of a saved config; null for settings that are not saved. */
  readonly name: string | null;
  readonly host: string;
  readonly port: number;
  readonly tls: Relay["tls"];
  readonly sendTo: string | null;
}

/** Tells on the terminal how a connection test goes: a line a stage, as each ends. */
export interface TestPrinter {
  stage(stage: TestStage): void;
  /** What the stage under way has seen so far. */
  progress(progress: TestProgress): void;
  /** The end, in a sentence or two. */
  report(report: TestReport): void;
  /** It was broken off. */
  stopped(): void;
}

const nameWidth = Math.max(...Object.values(stageNames).map(({ title }) => title.length));
const durationWidth = 9;
/** What stands before that which was seen. */
const besideWidth = nameWidth + durationWidth + 6;
const again = "… once more, encrypted";

const markFor = {
  passed: "good",
  warning: "remark",
  failed: "bad",
  skipped: "none",
} as const satisfies Record<TestStage["status"], Mark>;

export function createTestPrinter(
  relay: TestedRelay,
  output: Output,
  { verbose }: { verbose: boolean },
): TestPrinter {
  const { name, host, port, sendTo } = relay;
  const where = `${host}:${port}`;
  const order = stageOrder(relay.tls).filter(
    (stage) => sendTo !== null || (stage !== "recipient" && stage !== "message"),
  );
  const ended = new Map<Stage, TestStage>();
  /** What was explained has a blank line after it already. */
  let hasGap = false;
  output.write(`${bold(name === null ? where : `${oneLine(name)}, ${where}`, output)}\n\n`);
  underWay("resolve");

  /** Written over when the stage has ended; where nobody looks on, what ended is enough. */
  function underWay(stage: Stage | undefined, words = ""): void {
    if (!output.isTerminal || stage === undefined) return;
    clear();
    const label = ended.has(stage) ? again : stageNames[stage].title;
    output.write(`  ${dim(fitted(`· ${label} … ${oneLine(words)}`, output.columns - 3), output)}`);
  }

  function clear(): void {
    if (output.isTerminal) output.write("\r\u001b[2K");
  }

  /** After TLS has begun by STARTTLS, EHLO comes again (RFC 3207 §4.2). */
  function next(after: Stage): Stage | undefined {
    if (after === "tls" && ended.get("starttls")?.status === "passed") return "ehlo";
    return order.find((stage) => !ended.has(stage));
  }

  function line(stage: TestStage, before: TestStage | undefined): string {
    const label = (before === undefined ? stageNames[stage.stage].title : again).padEnd(nameWidth);
    // The report adds both rounds of EHLO up.
    const tookMs = stage.durationMs - (before?.durationMs ?? 0);
    const took = (stage.status === "skipped" ? "" : duration(tookMs)).padStart(durationWidth);
    const seen = oneLine(stage.status === "skipped" ? "not needed" : seenAt(stage));
    const mark = markOf(markFor[stage.status], output);
    const begin = `  ${mark} ${label}${dim(took, output)}`;
    if (seen === "") return begin.trimEnd();
    if (seen.length <= output.columns - besideWidth) return `${begin}  ${dim(seen, output)}`;
    return `${begin}\n      ${dim(fitted(seen, output.columns - 7), output)}`;
  }

  /** What it means and what to do. */
  function explained({ title, explanation, remedy, fix }: Problem): string {
    const change = fix === undefined ? "" : changeFor({ ...fix });
    const pin = fix?.caPem === undefined ? "" : fix.caPem;
    return [
      "\n",
      `    ${bold(oneLine(title), output)}\n`,
      paragraph(explanation, 4, output),
      paragraph(`What to do: ${remedy}`, 4, output),
      change === "" ? "" : paragraph(change, 4, output),
      pin === "" ? "" : `\n${pin.trimEnd()}\n`,
      "\n",
    ].join("");
  }

  function changeFor(fix: Readonly<Record<string, unknown>>): string {
    if (fix.caPem !== undefined) {
      return name === null
        ? "Save this as relay.pem, then try it with: --ca-file relay.pem"
        : "In the settings, as CA certificates (PEM):";
    }
    const options = fixAsOptions(fix);
    if (name === null && options !== null) return `Try it with: ${options}`;
    return `In the settings: ${fixInWords(fix)}`;
  }

  function transcriptOf({ transcript }: TestStage, before: TestStage | undefined): string {
    return transcript
      .slice(before?.transcript.length ?? 0)
      .map(({ from, text }) => `      ${dim(`${from === "client" ? "→" : "←"} ${oneLine(text)}`, output)}\n`)
      .join("");
  }

  /** What else was tried after a failure. */
  function others({ corrections }: TestReport): string {
    return corrections
      .map(({ works, title, fix }) => {
        const line = `  ${markOf(works ? "good" : "none", output)} ${oneLine(title)}\n`;
        return fix === null ? line : line + paragraph(changeFor({ ...fix }), 4, output);
      })
      .join("");
  }

  function verdict(report: TestReport): string {
    const failed = failedStage(report);
    if (failed !== undefined) {
      return `It stopped at "${stageNames[failed.stage].title}" after ${duration(report.durationMs)}.`;
    }
    const remarks = report.stages.some(({ status }) => status === "warning");
    const works = `It works${remarks ? ", with a remark" : ""}: all stages passed in ${duration(report.durationMs)}.`;
    return sendTo === null
      ? `${works} No email was sent: a relay may still refuse the recipient, or the email at the end of DATA. --send-to tries that out.`
      : `${works} The relay took the test email for ${sendTo}: look in its inbox.`;
  }

  return {
    stage(stage) {
      const before = ended.get(stage.stage);
      clear();
      output.write(`${line(stage, before)}\n`);
      if (verbose) output.write(transcriptOf(stage, before));
      if (stage.problem !== undefined) output.write(explained(stage.problem));
      hasGap = stage.problem !== undefined;
      ended.set(stage.stage, stage);
      if (stage.status !== "failed") underWay(next(stage.stage));
    },
    progress({ stage, evidence }) {
      underWay(stage, seenAt({ stage, evidence }));
    },
    report(report) {
      clear();
      if (report.corrections.length > 0) {
        output.write(`${hasGap ? "" : "\n"}  Also tried, without signing in:\n${others(report)}\n`);
        hasGap = true;
      }
      output.write(`${hasGap ? "" : "\n"}${paragraph(verdict(report), 2, output)}`);
    },
    stopped() {
      clear();
      output.write("\n  Stopped.\n");
    },
  };
}
