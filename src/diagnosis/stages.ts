import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { isSendwrightError, type SendwrightError } from "../core/errors.ts";
import type { Stage } from "../core/model.ts";
import type { Evidence, Observer, StageEvent, TranscriptLine } from "../smtp/observer.ts";
import { mask, type Redactor, redactor } from "../smtp/redact.ts";
import { quote } from "../smtp/reply.ts";
import type { OpenedConfig } from "../smtp-configs/open.ts";
import { explain, type Failure, type Problem } from "./explain.ts";
import type { Fix } from "./explanations/row.ts";
import {
  stageOrder,
  type TestProgress,
  type TestReport,
  type TestStage,
  type TranscriptEntry,
} from "./report.ts";
import { cautionFor } from "./warnings.ts";

interface StagesParts {
  readonly target: OpenedConfig;
  readonly recipient: string | null;
  readonly clock: Clock;
  /** Aborted when the test as a whole has run out of time. */
  readonly deadline: AbortSignal;
  readonly onProgress?: ((progress: TestProgress) => void) | undefined;
  readonly onStage?: ((stage: TestStage) => void) | undefined;
}

/** The stage that failed, with what another try may go by. */
export interface FailedStage {
  readonly stage: Stage;
  readonly failure: Failure;
  readonly problem: Problem;
  /** Of the certificate that was shown. */
  readonly certificateNames: readonly string[];
  /** That was dialled, if one answered. */
  readonly address: string | null;
}

/** What the explanations ask of the evidence; the rest of it is for people to read. */
const connectEvidence = z.object({
  address: z.string(),
  failures: z.array(z.object({ address: z.string() })),
});
const ehloEvidence = z.object({ extensions: z.array(z.string()), authMechanisms: z.array(z.string()) });
const tlsEvidence = z.object({
  names: z.array(z.string()),
  issuer: z.string(),
  validFrom: z.number(),
  validTo: z.number(),
  daysLeft: z.number(),
  fingerprint256: z.string(),
  faults: z.array(z.string()),
  chain: z.array(z.looseObject({ validTo: z.number() })),
  pin: z
    .object({ caPem: z.string(), subject: z.string(), fingerprint256: z.string(), validTo: z.number() })
    .nullable(),
});

/** The report in the making: watches a connection and puts each stage together as it ends. */
export class Stages implements Observer {
  readonly #parts: StagesParts;
  readonly #redactor: Redactor;
  readonly #startedAt: number;
  readonly #ended = new Map<Stage, TestStage>();
  readonly #transcripts = new Map<Stage, TranscriptEntry[]>();
  readonly #evidence = new Map<Stage, Evidence>();
  #current: Stage = "resolve";
  #failed: FailedStage | null = null;

  constructor(parts: StagesParts) {
    this.#parts = parts;
    this.#redactor = redactor(parts.target.credentials, parts.target.relay);
    this.#startedAt = parts.clock.now();
  }

  /** The stage that failed, so that the report can say why the test ended. */
  get failed(): FailedStage | null {
    return this.#failed;
  }

  stage({ stage, status, durationMs = 0, evidence = {}, error }: StageEvent): void {
    switch (status) {
      case "started":
        this.#begin(stage);
        break;
      case "found":
        this.#parts.onProgress?.({ stage, evidence: shown(evidence) });
        break;
      case "passed":
        this.#pass(stage, durationMs, evidence);
        break;
      case "failed":
        if (error !== undefined) this.#fail(stage, durationMs, evidence, error);
        break;
      case "skipped":
        this.#end(skipped(stage));
    }
  }

  /** Lines belong to the stage that is under way: in `message` also those of its envelope. */
  transcript({ from, text }: TranscriptLine): void {
    this.#lines(this.#current).push({ from, text: this.#redactor.text(text) });
  }

  /**
   * Runs a stage that follows the opening.
   * @param work is given where to put evidence of our own, which is shown also if the stage fails.
   * @throws what the work throws.
   */
  async run(
    stage: Stage,
    work: (own: Record<string, string>) => Promise<Readonly<Record<string, string>>>,
  ): Promise<void> {
    const { clock } = this.#parts;
    const startedAt = clock.now();
    const own: Record<string, string> = {};
    this.#begin(stage);
    try {
      const found = Object.entries(await work(own)).map(([name, value]) => [
        name,
        this.#redactor.text(value),
      ]);
      this.#pass(stage, clock.now() - startedAt, { ...Object.fromEntries(found), ...own });
    } catch (error) {
      if (isSendwrightError(error)) this.#fail(stage, clock.now() - startedAt, own, error);
      throw error;
    }
  }

  /** Explains the failure again, now that fixes were tried: those in vain are not offered, and no proof. */
  reconsider(isRefuted: (fix: Fix) => boolean): void {
    const told = this.#failed === null ? undefined : this.#ended.get(this.#failed.stage);
    if (this.#failed === null || told === undefined) return;
    const refuted: string[] = [];
    let { problem } = this.#failed;
    while (problem.fix !== undefined && isRefuted(problem.fix)) {
      refuted.push(problem.code);
      problem = explain(this.#failed.failure, refuted);
    }
    if (refuted.length > 0) this.#end({ ...told, problem });
  }

  report(): Omit<TestReport, "corrections"> {
    const order = stageOrder(this.#parts.target.relay.tls);
    return {
      ok: this.#failed === null,
      durationMs: this.#parts.clock.now() - this.#startedAt,
      stages: order.map((stage) => this.#ended.get(stage) ?? skipped(stage)),
    };
  }

  #begin(stage: Stage): void {
    this.#current = stage;
    this.#parts.onProgress?.({ stage, evidence: {} });
  }

  #pass(stage: Stage, durationMs: number, evidence: Evidence): void {
    this.#evidence.set(stage, evidence);
    const tls = tlsEvidence.safeParse(evidence).data;
    const connected = connectEvidence.safeParse(evidence).data;
    const problem = cautionFor({
      stage,
      relay: this.#parts.target.relay,
      daysLeft: tls?.daysLeft ?? null,
      deadAddresses: connected?.failures.map(({ address }) => address) ?? [],
    });
    this.#finish(stage, problem === null ? "passed" : "warning", durationMs, evidence, problem);
  }

  #fail(stage: Stage, durationMs: number, evidence: Evidence, error: SendwrightError): void {
    this.#evidence.set(stage, evidence);
    const failure = this.#failure(error.smtp?.stage ?? stage, error);
    const problem = explain(failure);
    const connected = connectEvidence.safeParse(this.#evidence.get("connect")).data;
    this.#failed = {
      stage,
      failure,
      problem,
      certificateNames: failure.certificate?.names ?? [],
      address: connected?.address ?? null,
    };
    const reply = error.smtp?.reply;
    const tokenRefusal = error.smtp?.tokenRefusal;
    const seen = {
      ...evidence,
      ...(reply === undefined ? {} : { reply: quote(reply) }),
      ...(tokenRefusal === undefined ? {} : { tokenRefusal }),
    };
    this.#finish(stage, "failed", durationMs, seen, problem);
  }

  #finish(
    stage: Stage,
    status: "passed" | "failed" | "warning",
    durationMs: number,
    evidence: Evidence,
    problem: Problem | null,
  ): void {
    // Two rounds of EHLO are one stage.
    const before = this.#ended.get(stage)?.durationMs ?? 0;
    this.#end({
      stage,
      status,
      durationMs: before + durationMs,
      evidence: shown(evidence),
      transcript: [...this.#lines(stage)],
      ...(problem === null ? {} : { problem }),
    });
  }

  #end(stage: TestStage): void {
    this.#ended.set(stage.stage, stage);
    this.#parts.onStage?.(stage);
  }

  /**
   * Some providers want the token as the username too, so what is named is redacted. The explanations'
   * own words are not: a password that is one of them would show as the gap in a known sentence.
   */
  #failure(stage: Stage, error: SendwrightError): Failure {
    const { target, recipient, deadline } = this.#parts;
    const { text } = this.#redactor;
    const { smtp } = error;
    const outOfTime = deadline.aborted && smtp?.systemCode === "ABORT_ERR";
    const ehlo = ehloEvidence.safeParse(this.#evidence.get("ehlo")).data;
    return {
      stage,
      code: outOfTime ? "smtp.timeout" : error.code,
      message: error.message,
      systemCode: outOfTime ? "ETIMEDOUT" : smtp?.systemCode,
      reply: smtp?.reply && { ...smtp.reply, text: smtp.reply.lines.join("\n") },
      relay: { ...target.relay, ownAuthority: target.relay.caPem !== null },
      tokenRefusal: smtp?.tokenRefusal,
      withToken: ["oauth", "xoauth2"].includes(target.credentials?.method ?? ""),
      username: target.credentials === null ? null : text(target.credentials.username),
      fromEmail: text(target.fromEmail),
      recipient: recipient === null ? undefined : text(recipient),
      allowCleartextAuth: target.allowCleartextAuth,
      authMethod: target.credentials?.method,
      offered: ehlo && {
        startTls: ehlo.extensions.some((line) => /^STARTTLS\b/i.test(line)),
        authMechanisms: ehlo.authMechanisms,
      },
      certificate: this.#certificate(),
      encrypted: this.#evidence.has("tls") && stage !== "tls",
    };
  }

  /** Where the password stands in a certificate, its PEM cannot be shown; the lines may hide it. */
  #certificate(): Failure["certificate"] {
    const certificate = tlsEvidence.safeParse(this.#evidence.get("tls")).data;
    if (!certificate?.pin) return certificate;
    const base64 = certificate.pin.caPem.replaceAll(/-----.*-----|\s/g, "");
    const isWhole = !base64.includes(mask) && this.#redactor.text(base64) === base64;
    return isWhole ? certificate : { ...certificate, pin: undefined };
  }

  #lines(stage: Stage): TranscriptEntry[] {
    const lines = this.#transcripts.get(stage) ?? [];
    this.#transcripts.set(stage, lines);
    return lines;
  }
}

function skipped(stage: Stage): TestStage {
  return { stage, status: "skipped", durationMs: 0, evidence: {}, transcript: [] };
}

/**
 * As people read it: times in evidence are milliseconds. The certificate that could be trusted stands in
 * the fix, where it belongs to words about it.
 */
function shown(evidence: Evidence): Evidence {
  const tls = tlsEvidence.safeParse(evidence).data;
  if (tls === undefined) return evidence;
  const { pin, ...rest } = evidence;
  return {
    ...rest,
    validFrom: rfc3339(tls.validFrom),
    validTo: rfc3339(tls.validTo),
    chain: tls.chain.map((certificate) => ({ ...certificate, validTo: rfc3339(certificate.validTo) })),
  };
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
