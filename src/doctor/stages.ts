import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { OpenedConfig } from "../config/open.ts";
import { isPosthornError, type PosthornError } from "../errors.ts";
import type { Stage } from "../model.ts";
import type { Evidence, Observer, StageEvent, TranscriptLine } from "../smtp/observer.ts";
import { type Redactor, redactor } from "../smtp/redact.ts";
import { quote } from "../smtp/reply.ts";
import { cautionFor } from "./caution.ts";
import { explain, type Failure, type Problem } from "./explain.ts";
import { stageOrder, type TestReport, type TestStage, type TranscriptEntry } from "./report.ts";

interface StagesParts {
  readonly target: OpenedConfig;
  readonly recipient: string | null;
  readonly clock: Clock;
  /** Aborted when the test as a whole has run out of time. */
  readonly deadline: AbortSignal;
  readonly onStage: ((stage: TestStage) => void) | undefined;
}

/** What the explanations ask of the evidence; the rest of it is for people to read. */
const connectEvidence = z.object({ failures: z.array(z.object({ address: z.string() })) });
const ehloEvidence = z.object({ extensions: z.array(z.string()), authMechanisms: z.array(z.string()) });
const tlsEvidence = z.object({
  names: z.array(z.string()),
  issuer: z.string(),
  validFrom: z.number(),
  validTo: z.number(),
  daysLeft: z.number(),
  fingerprint256: z.string(),
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
  #failed = false;

  constructor(parts: StagesParts) {
    this.#parts = parts;
    this.#redactor = redactor(parts.target.credentials, parts.target.relay);
    this.#startedAt = parts.clock.now();
  }

  /** Whether a stage has failed, so that the report can say why the test ended. */
  get failed(): boolean {
    return this.#failed;
  }

  stage({ stage, status, durationMs = 0, evidence = {}, error }: StageEvent): void {
    switch (status) {
      case "started":
        this.#current = stage;
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

  /** Runs a stage that follows the opening. @throws what the work throws. */
  async run(stage: Stage, work: () => Promise<Readonly<Record<string, string>>>): Promise<void> {
    const { clock } = this.#parts;
    const startedAt = clock.now();
    this.#current = stage;
    try {
      const found = Object.entries(await work()).map(([name, value]) => [name, this.#redactor.text(value)]);
      this.#pass(stage, clock.now() - startedAt, Object.fromEntries(found));
    } catch (error) {
      if (isPosthornError(error)) this.#fail(stage, clock.now() - startedAt, {}, error);
      throw error;
    }
  }

  report(): TestReport {
    const order = stageOrder(this.#parts.target.relay.tls);
    return {
      ok: !this.#failed,
      durationMs: this.#parts.clock.now() - this.#startedAt,
      stages: order.map((stage) => this.#ended.get(stage) ?? skipped(stage)),
    };
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

  #fail(stage: Stage, durationMs: number, evidence: Evidence, error: PosthornError): void {
    this.#failed = true;
    this.#evidence.set(stage, evidence);
    const problem = explain(this.#failure(error.smtp?.stage ?? stage, error));
    const reply = error.smtp?.reply;
    const tokenRefusal = error.smtp?.tokenRefusal;
    const shown = {
      ...evidence,
      ...(reply === undefined ? {} : { reply: quote(reply) }),
      ...(tokenRefusal === undefined ? {} : { tokenRefusal }),
    };
    this.#finish(stage, "failed", durationMs, shown, problem);
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
      evidence: withTimes(evidence),
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
  #failure(stage: Stage, error: PosthornError): Failure {
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
      relay: target.relay,
      tokenRefusal: smtp?.tokenRefusal,
      withToken: ["oauth", "xoauth2"].includes(target.credentials?.method ?? ""),
      username: target.credentials === null ? null : text(target.credentials.username),
      fromEmail: text(target.fromEmail),
      recipient: recipient === null ? undefined : text(recipient),
      allowCleartextAuth: target.allowCleartextAuth,
      offered: ehlo && {
        startTls: ehlo.extensions.some((line) => /^STARTTLS\b/i.test(line)),
        authMechanisms: ehlo.authMechanisms,
      },
      certificate: tlsEvidence.safeParse(this.#evidence.get("tls")).data,
    };
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

/** Times in evidence are milliseconds; a report is read by people. */
function withTimes(evidence: Evidence): Evidence {
  const tls = tlsEvidence.safeParse(evidence).data;
  if (tls === undefined) return evidence;
  const rfc3339 = (ms: number) => new Date(ms).toISOString();
  return { ...evidence, validFrom: rfc3339(tls.validFrom), validTo: rfc3339(tls.validTo) };
}
