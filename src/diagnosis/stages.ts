import type { Clock } from "../core/clock.ts";
import { isSendwrightError, type SendwrightError } from "../core/errors.ts";
import type { Stage } from "../core/model.ts";
import type { Evidence, Observer, StageEvent, TranscriptLine } from "../smtp/observer.ts";
import { mask, type Redactor, redactor } from "../smtp/redact.ts";
import { quote } from "../smtp/reply.ts";
import { holdsInvisible, withoutInvisible } from "../smtp-configs/invisible.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import { authEvidence, connectEvidence, ehloEvidence, shown, tlsEvidence } from "./evidence.ts";
import { explain, type Failure, type Problem } from "./explain.ts";
import { clearAnswers, type Fix } from "./explanations/rule.ts";
import {
  stageOrder,
  type TestReport,
  type TestStage,
  type TestWatcher,
  type TranscriptEntry,
} from "./report.ts";
import { inputWarnings, warningFor } from "./warnings.ts";

interface StagesOptions {
  readonly target: ResolvedConfig;
  readonly recipient: string | null;
  readonly clock: Clock;
  /** Aborted when the test as a whole has run out of time. */
  readonly deadline: AbortSignal;
  /** Aborted once another connection has found TLS on a port that did not greet. */
  readonly tlsFirst?: AbortSignal;
  readonly watcher?: Pick<TestWatcher, "onProgress" | "onStage">;
}

/** The stage that failed, with what the choice of alternatives depends on. */
export interface FailedStage {
  readonly stage: Stage;
  readonly failure: Failure;
  readonly problem: Problem;
  /** The names in the certificate of the relay; empty if it showed none. */
  readonly certificateNames: readonly string[];
  /** The IP address that answered; null if none did. */
  readonly address: string | null;
  /** The mechanisms by which the sign-in was tried; empty if it was not. */
  readonly mechanisms: readonly string[];
  /** How the port of the config begins, as far as it has shown that. */
  readonly spoken: "tls" | "clear" | null;
}

/** Collects the report of a test: observes the connection and completes each stage as it ends. */
export class Stages implements Observer {
  readonly #options: StagesOptions;
  readonly #redactor: Redactor;
  readonly #startedAt: number;
  readonly #ended = new Map<Stage, TestStage>();
  readonly #transcripts = new Map<Stage, TranscriptEntry[]>();
  readonly #evidence = new Map<Stage, Evidence>();
  #current: Stage = "resolve";
  #failed: FailedStage | null = null;

  constructor(options: StagesOptions) {
    this.#options = options;
    this.#redactor = redactor(options.target.credentials, options.target.relay);
    this.#startedAt = options.clock.monotonic();
  }

  /** The stage that ended the test; null as long as none has failed. */
  get failed(): FailedStage | null {
    return this.#failed;
  }

  stage({ stage, status, durationMs = 0, evidence = {}, error }: StageEvent): void {
    switch (status) {
      case "started":
        this.#begin(stage);
        break;
      case "found":
        this.#options.watcher?.onProgress?.({ stage, evidence: shown(evidence) });
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

  /**
   * Lines belong to the stage that is under way: in `message` also those of its envelope. What came in the clear after
   * the reply to STARTTLS is found when TLS is to begin, and is no part of it.
   */
  transcript({ stage, from, text }: TranscriptLine): void {
    this.#lines(stage === "starttls" ? stage : this.#current).push({ from, text: this.#redactor.text(text) });
  }

  /**
   * Runs a stage that follows the opening.
   * @param work gets an object for evidence of its own, which is shown even if the stage fails.
   * @throws the error of the work.
   */
  async run(
    stage: Stage,
    work: (own: Record<string, string>) => Promise<Readonly<Record<string, string>>>,
  ): Promise<void> {
    const { clock } = this.#options;
    const startedAt = clock.monotonic();
    const own: Record<string, string> = {};
    this.#begin(stage);
    try {
      const found = Object.entries(await work(own)).map(([name, value]) => [
        name,
        this.#redactor.text(value),
      ]);
      this.#pass(stage, clock.monotonic() - startedAt, { ...Object.fromEntries(found), ...own });
    } catch (error) {
      if (isSendwrightError(error)) this.#fail(stage, clock.monotonic() - startedAt, own, error);
      throw error;
    }
  }

  /** Explains the failure again after alternatives were tried: a disproved fix is not offered, nor what rests on it. */
  reconsider(isDisproved: (fix: Fix) => boolean): void {
    const reported = this.#failed === null ? undefined : this.#ended.get(this.#failed.stage);
    if (this.#failed === null || reported === undefined) return;
    const disproved: string[] = [];
    let { problem } = this.#failed;
    while (problem.fix !== undefined && isDisproved(problem.fix)) {
      disproved.push(problem.code);
      problem = explain(this.#failed.failure, disproved);
    }
    if (disproved.length > 0) this.#end({ ...reported, problem });
  }

  /** Explains the failure again after LOGIN has worked where PLAIN was refused. */
  loginWorked(): void {
    const reported = this.#failed === null ? undefined : this.#ended.get(this.#failed.stage);
    if (this.#failed === null || reported === undefined) return;
    const failure = { ...this.#failed.failure, loginWorks: true };
    const problem = explain(failure);
    this.#failed = { ...this.#failed, failure, problem };
    this.#end({ ...reported, problem });
  }

  report(): Omit<TestReport, "corrections"> {
    const order = stageOrder(this.#options.target.relay.tls);
    return {
      ok: this.#failed === null,
      durationMs: this.#options.clock.monotonic() - this.#startedAt,
      stages: order.map((stage) => this.#ended.get(stage) ?? skipped(stage)),
      warnings: this.#isSignedIn() ? [] : inputWarnings(this.#options.target.credentials),
    };
  }

  #isSignedIn(): boolean {
    const auth = this.#ended.get("auth");
    return auth?.status === "passed" || auth?.status === "warning";
  }

  #begin(stage: Stage): void {
    this.#current = stage;
    this.#options.watcher?.onProgress?.({ stage, evidence: {} });
  }

  #pass(stage: Stage, durationMs: number, evidence: Evidence): void {
    this.#evidence.set(stage, evidence);
    const tls = tlsEvidence.safeParse(evidence).data;
    const connected = connectEvidence.safeParse(evidence).data;
    const problem = warningFor({
      stage,
      relay: this.#options.target.relay,
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
    const auth = authEvidence.safeParse(evidence).data;
    this.#failed = {
      stage,
      failure,
      problem,
      certificateNames: failure.certificate?.names ?? [],
      address: connected?.address ?? null,
      spoken: this.#spoken(failure),
      mechanisms: auth === undefined ? [] : [...auth.refusedMechanisms, auth.mechanism],
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
    // EHLO before and after STARTTLS is one stage.
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
    this.#options.watcher?.onStage?.(stage);
  }

  /**
   * The values that an explanation names are redacted, because some providers use the token as the
   * username too. The words of the explanation are not redacted: if the password were one of them, the
   * gap in a known sentence would reveal it.
   */
  #failure(stage: Stage, error: SendwrightError): Failure {
    const { target, recipient, deadline, tlsFirst } = this.#options;
    const { text } = this.#redactor;
    const { smtp } = error;
    const outOfTime = (deadline.aborted || tlsFirst?.aborted) && smtp?.systemCode === "ABORT_ERR";
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
      ...this.#invisible(),
      offered: ehlo && {
        startTls: ehlo.extensions.some((line) => /^STARTTLS\b/i.test(line)),
        authMechanisms: ehlo.authMechanisms,
      },
      certificate: this.#certificate(),
      encrypted: this.#evidence.has("tls") && stage !== "tls",
    };
  }

  #spoken({ stage, code, reply, systemCode = "" }: Failure): FailedStage["spoken"] {
    const { target, tlsFirst } = this.#options;
    if (target.relay.tls === "implicit") {
      if (clearAnswers.includes(systemCode)) return "clear";
      // A certificate that was refused, an alert, or anything that came after the handshake.
      const isAlert = systemCode.startsWith("ERR_SSL_") && systemCode.includes("ALERT");
      return this.#evidence.get("tls")?.version !== undefined || isAlert ? "tls" : null;
    }
    if (tlsFirst?.aborted) return "tls";
    const hasSpoken = stage === "greeting" && (reply !== undefined || code === "smtp.protocol");
    return hasSpoken || this.#ended.get("greeting")?.status === "passed" ? "clear" : null;
  }

  /** A username that holds the token is not proposed. */
  #invisible(): Pick<Failure, "invisibleIn" | "visibleUsername"> {
    const { credentials } = this.#options.target;
    if (credentials === null) return {};
    const invisibleIn = (["username", "password"] as const).filter((field) =>
      holdsInvisible(credentials[field]),
    );
    const username = withoutInvisible(credentials.username);
    const isProposed = invisibleIn.includes("username") && username !== "";
    return isProposed && this.#redactor.text(username) === username
      ? { invisibleIn, visibleUsername: username }
      : { invisibleIn };
  }

  /** A PEM that contains the password cannot be shown, so it is left out. Line breaks may hide the password in it. */
  #certificate(): Failure["certificate"] {
    const certificate = tlsEvidence.safeParse(this.#evidence.get("tls")).data;
    if (!certificate?.pin) return certificate;
    const { pin, ...withoutPin } = certificate;
    const base64 = pin.caPem.replaceAll(/-----.*-----|\s/g, "");
    const isWhole = !base64.includes(mask) && this.#redactor.text(base64) === base64;
    return isWhole ? certificate : withoutPin;
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
