import type { Issue } from "../core/errors.ts";
import type { Stage, TlsMode } from "../core/model.ts";
import { stages } from "../core/model.ts";
import type { Evidence } from "../smtp/observer.ts";
import type { Relay } from "../smtp/relay.ts";
import type { Problem } from "./explain.ts";
import type { Fix } from "./explanations/rule.ts";

/** One stage of a connection test. JSON, the same in the page, the API and on the command line. */
export interface TestStage {
  readonly stage: Stage;
  /** `warning`: it works, but needs attention; `skipped`: it does not apply, or an earlier stage failed. */
  readonly status: "passed" | "failed" | "warning" | "skipped";
  readonly durationMs: number;
  /** What was seen; times are RFC 3339. */
  readonly evidence: Evidence;
  /** The SMTP transcript, line by line. */
  readonly transcript: readonly TranscriptEntry[];
  /** With `failed` and `warning`. */
  readonly problem?: Problem;
}

export interface TranscriptEntry {
  readonly from: "client" | "relay";
  /** One line without its CRLF. */
  readonly text: string;
}

/** An alternative to the configured server, port or TLS, with its result. JSON: a `correction` of the report. */
export interface TriedAlternative {
  readonly smtpServer: string;
  readonly smtpPort: number;
  readonly useTls: boolean;
  readonly tlsMode: TlsMode;
  /** Everything before authentication works, and the server offers authentication if the config requires it. */
  readonly works: boolean;
  /** Such as `587 with STARTTLS works`. */
  readonly title: string;
  readonly detail: string;
  readonly durationMs: number;
  /** The fields of the form to change; null if the alternative does not work. */
  readonly fix: Fix | null;
}

/** The whole test. It holds no password, in no form, whatever the relay said. */
export interface TestReport {
  /** Nothing failed. */
  readonly ok: boolean;
  readonly durationMs: number;
  /** Every stage, in the order in which they happen. */
  readonly stages: readonly TestStage[];
  /** Alternatives that were tried because the configured endpoint failed; those that work come first. */
  readonly corrections: readonly TriedAlternative[];
  /** Fields with invisible characters; empty once authentication worked. They do not prevent saving. */
  readonly warnings: readonly Issue[];
}

/** A stage that has begun, or has found something before its end. */
export interface TestProgress {
  readonly stage: Stage;
  readonly evidence: Evidence;
}

/** Follows a test while it runs. */
export interface TestWatcher {
  /** Each stage as it begins, and what it finds before its end. */
  readonly onProgress?: (progress: TestProgress) => void;
  /** Each stage as it ends. After STARTTLS, `ehlo` comes a second time: the later one counts. */
  readonly onStage?: (stage: TestStage) => void;
  /** Each alternative as its try ends. */
  readonly onAlternativeTried?: (alternative: TriedAlternative) => void;
}

/** With implicit TLS, `tls` comes before `greeting`. */
export function stageOrder(tls: Relay["tls"]): readonly Stage[] {
  if (tls !== "implicit") return stages;
  return stages
    .filter((stage) => stage !== "tls")
    .flatMap((stage): Stage[] => (stage === "greeting" ? ["tls", "greeting"] : [stage]));
}

export function failedStage(report: TestReport): TestStage | undefined {
  return report.stages.find(({ status }) => status === "failed");
}
