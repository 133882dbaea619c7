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

/** The relay that is tested, for the heading. */
export interface TestedRelay {
  /** The name of a saved config; null for settings that are not saved. */
  readonly name: string | null;
  readonly host: string;
  readonly port: number;
  readonly tls: Relay["tls"];
  readonly sendTo: string | null;
}

const nameWidth = Math.max(...Object.values(stageNames).map(({ title }) => title.length));
const durationWidth = 9;
/** Columns before the evidence of a stage. */
const besideWidth = nameWidth + durationWidth + 6;
const again = "… again, encrypted";

const markFor = {
  passed: "good",
  warning: "remark",
  failed: "bad",
  skipped: "none",
} as const satisfies Record<TestStage["status"], Mark>;

/** Shows on the terminal how a connection test goes: one line for each stage, as it ends. */
export class TestPrinter {
  readonly #relay: TestedRelay;
  readonly #output: Output;
  readonly #verbose: boolean;
  readonly #order: readonly Stage[];
  readonly #ended = new Map<Stage, TestStage>();
  /** Whether a blank line is the last one, as after an explanation. */
  #hasGap = false;

  /** Prints the heading. */
  constructor(relay: TestedRelay, output: Output, { verbose }: { readonly verbose: boolean }) {
    const { name, host, port, sendTo } = relay;
    this.#relay = relay;
    this.#output = output;
    this.#verbose = verbose;
    this.#order = stageOrder(relay.tls).filter(
      (stage) => sendTo !== null || (stage !== "recipient" && stage !== "message"),
    );
    const where = `${host}:${port}`;
    output.write(`${bold(name === null ? where : `${oneLine(name)}, ${where}`, output)}\n\n`);
    this.#showUnderWay("resolve");
  }

  stage(stage: TestStage): void {
    const before = this.#ended.get(stage.stage);
    this.#clear();
    this.#output.write(`${this.#line(stage, before)}\n`);
    if (this.#verbose) this.#output.write(this.#transcript(stage, before));
    if (stage.problem !== undefined) this.#output.write(this.#explanation(stage.problem));
    this.#hasGap = stage.problem !== undefined;
    this.#ended.set(stage.stage, stage);
    if (stage.status !== "failed") this.#showUnderWay(this.#next(stage.stage));
  }

  /** The evidence so far of the stage under way. */
  progress({ stage, evidence }: TestProgress): void {
    this.#showUnderWay(stage, seenAt({ stage, evidence }));
  }

  /** The end, in a sentence or two. */
  report(report: TestReport): void {
    this.#clear();
    if (report.corrections.length > 0) {
      this.#output.write(
        `${this.#hasGap ? "" : "\n"}  Also tried, without authenticating:\n${this.#alternatives(report)}\n`,
      );
      this.#hasGap = true;
    }
    for (const { pointer, detail } of report.warnings) {
      const field = pointer.slice("/".length);
      const words = paragraph(`Check the ${field}: ${detail}.`, 2, this.#output);
      this.#output.write(`${this.#hasGap ? "" : "\n"}${words}\n`);
      this.#hasGap = true;
    }
    this.#output.write(`${this.#hasGap ? "" : "\n"}${paragraph(this.#summary(report), 2, this.#output)}`);
  }

  /** The test was interrupted. */
  stopped(): void {
    this.#clear();
    this.#output.write("\n  Stopped.\n");
  }

  /** A terminal shows the stage under way, and its end overwrites that; a file shows what ended. */
  #showUnderWay(stage: Stage | undefined, words = ""): void {
    const output = this.#output;
    if (!output.isTerminal || stage === undefined) return;
    this.#clear();
    const label = this.#ended.has(stage) ? again : stageNames[stage].title;
    output.write(`  ${dim(fitted(`· ${label} … ${oneLine(words)}`, output.columns - 3), output)}`);
  }

  #clear(): void {
    if (this.#output.isTerminal) this.#output.write("\r\u001b[2K");
  }

  /** After TLS has begun by STARTTLS, EHLO comes again (RFC 3207 §4.2). */
  #next(after: Stage): Stage | undefined {
    if (after === "tls" && this.#ended.get("starttls")?.status === "passed") return "ehlo";
    return this.#order.find((stage) => !this.#ended.has(stage));
  }

  #line(stage: TestStage, before: TestStage | undefined): string {
    const output = this.#output;
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

  #explanation({ title, explanation, remedy, fix }: Problem): string {
    const output = this.#output;
    const change = fix === undefined ? "" : this.#changeFor({ ...fix });
    const pin = fix?.caPem === undefined ? "" : fix.caPem;
    return [
      "\n",
      `    ${bold(oneLine(title), output)}\n`,
      paragraph(explanation, 4, output),
      paragraph(`Fix: ${remedy}`, 4, output),
      change === "" ? "" : paragraph(change, 4, output),
      pin === "" ? "" : `\n${pin.trimEnd()}\n`,
      "\n",
    ].join("");
  }

  #changeFor(fix: Readonly<Record<string, unknown>>): string {
    const { name } = this.#relay;
    if (fix.caPem !== undefined) {
      return name === null
        ? "Save this as server.pem and use: --ca-file server.pem"
        : "In the settings, as CA certificates (PEM):";
    }
    const options = fixAsOptions(fix);
    if (name === null && options !== null) return `Use: ${options}`;
    return `In the settings: ${fixInWords(fix)}`;
  }

  #transcript({ transcript }: TestStage, before: TestStage | undefined): string {
    return transcript
      .slice(before?.transcript.length ?? 0)
      .map(
        ({ from, text }) =>
          `      ${dim(`${from === "client" ? "→" : "←"} ${oneLine(text)}`, this.#output)}\n`,
      )
      .join("");
  }

  #alternatives({ corrections }: TestReport): string {
    return corrections
      .map(({ works, title, fix }) => {
        const line = `  ${markOf(works ? "good" : "none", this.#output)} ${oneLine(title)}\n`;
        return fix === null ? line : line + paragraph(this.#changeFor({ ...fix }), 4, this.#output);
      })
      .join("");
  }

  #summary(report: TestReport): string {
    const { sendTo } = this.#relay;
    const failed = failedStage(report);
    if (failed !== undefined) {
      return `Failed at "${stageNames[failed.stage].title}" after ${duration(report.durationMs)}.`;
    }
    const remarks = report.stages.some(({ status }) => status === "warning");
    const works = `Passed${remarks ? " with a warning" : ""} in ${duration(report.durationMs)}.`;
    return sendTo === null
      ? `${works} No email was sent. The server can still reject a message for its content or recipient. Use --send-to to test that too.`
      : `${works} The SMTP server accepted the test email to ${sendTo}. Check the inbox.`;
  }
}
