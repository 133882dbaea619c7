import type { Stage, TlsMode } from "../core/model.ts";
import { stages } from "../core/model.ts";
import type { Evidence } from "../smtp/observer.ts";
import type { Relay } from "../smtp/relay.ts";
import type { Problem } from "./explain.ts";
import type { Fix } from "./explanations/row.ts";

/** One stage of a connection test. JSON, the same in the page, the API and on the command line. */
export interface TestStage {
  readonly stage: Stage;
  /** `warning`: it works, but wants attention; `skipped`: it has no place here, or something failed before it. */
  readonly status: "passed" | "failed" | "warning" | "skipped";
  readonly durationMs: number;
  /** What was seen; times are RFC 3339. */
  readonly evidence: Evidence;
  /** What was said, line by line. */
  readonly transcript: readonly TranscriptEntry[];
  /** With `failed` and `warning`. */
  readonly problem?: Problem;
}

export interface TranscriptEntry {
  readonly from: "client" | "relay";
  /** One line without its CRLF. */
  readonly text: string;
}

/** A way to the server that was tried because the configured one failed. JSON, as part of the report. */
export interface Correction {
  readonly smtpServer: string;
  readonly smtpPort: number;
  readonly useTls: boolean;
  readonly tlsMode: TlsMode;
  /** It was open up to the sign-in, and offers one where the config needs it. */
  readonly works: boolean;
  /** Such as `587 with STARTTLS works`. */
  readonly title: string;
  readonly detail: string;
  readonly durationMs: number;
  /** Fields of the form that lead there; null where it does not work. */
  readonly fix: Fix | null;
}

/** The whole test. It holds no password, in no form, whatever the relay said. */
export interface TestReport {
  /** Nothing failed. */
  readonly ok: boolean;
  readonly durationMs: number;
  /** Every stage, in the order in which they happen. */
  readonly stages: readonly TestStage[];
  /** Other ways to the same server that were tried because this one failed; those that work come first. */
  readonly corrections: readonly Correction[];
}

/** A stage that has begun, or has found something before its end. */
export interface TestProgress {
  readonly stage: Stage;
  readonly evidence: Evidence;
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
