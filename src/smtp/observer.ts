import type { Clock } from "../core/clock.ts";
import type { SendwrightError } from "../core/errors.ts";
import type { Stage } from "../core/model.ts";
import type { Redactor } from "./redact.ts";

/** Follows a connection as it is opened and used. Everything it receives is redacted. */
export interface Observer {
  /**
   * The stages of `connect`, in order. The sender, recipient and message stages are not among them: their
   * calls return the result. With STARTTLS, `ehlo` passes twice, and the later evidence counts.
   */
  stage?(event: StageEvent): void;
  transcript?(line: TranscriptLine): void;
}

/** What a stage found, for people to read. JSON values, as they travel to the page. */
export type Evidence = Readonly<Record<string, unknown>>;

export interface StageEvent {
  readonly stage: Stage;
  /** `found`: something is known before the stage has ended; it may come several times. */
  readonly status: "started" | "found" | "passed" | "failed" | "skipped";
  /** Since the stage started; with `passed` and `failed`. */
  readonly durationMs?: number;
  readonly evidence?: Evidence;
  readonly error?: SendwrightError;
}

export interface TranscriptLine {
  readonly stage: Stage;
  readonly from: "client" | "relay";
  /** One line without its CRLF. */
  readonly text: string;
}

/** Records the stages and their durations for an observer. */
export class StageRecorder {
  readonly #observer: Observer;
  readonly #redactor: Redactor;
  readonly #clock: Clock;
  #current: { readonly stage: Stage; readonly startedAt: number } | null = null;
  #evidence: Evidence | undefined;

  constructor(observer: Observer, redactor: Redactor, clock: Clock) {
    this.#observer = observer;
    this.#redactor = redactor;
    this.#clock = clock;
  }

  /** Starts the stage, unless it is under way. */
  start(stage: Stage): void {
    if (this.#current?.stage === stage) return;
    this.#current = { stage, startedAt: this.#clock.monotonic() };
    this.#evidence = undefined;
    this.#observer.stage?.({ stage, status: "started" });
  }

  /** Evidence of the stage under way, which is kept if the stage fails. */
  found(evidence: Evidence): void {
    this.#evidence = this.#redacted(evidence);
    if (this.#current === null) return;
    const { stage } = this.#current;
    this.#observer.stage?.({ stage, status: "found", evidence: this.#evidence });
  }

  pass(stage: Stage, evidence: Evidence): void {
    const durationMs = this.#duration(stage);
    this.#observer.stage?.({ stage, status: "passed", durationMs, evidence: this.#redacted(evidence) });
    this.#current = null;
  }

  skip(stage: Stage): void {
    this.#observer.stage?.({ stage, status: "skipped" });
  }

  /** The stage that the error names has failed. */
  fail(error: SendwrightError): void {
    const stage = error.smtp?.stage ?? this.#current?.stage;
    if (stage === undefined) return;
    this.start(stage);
    const evidence = this.#evidence === undefined ? {} : { evidence: this.#evidence };
    this.#observer.stage?.({
      stage,
      status: "failed",
      durationMs: this.#duration(stage),
      error,
      ...evidence,
    });
    this.#current = null;
  }

  #redacted(evidence: Evidence): Evidence {
    return JSON.parse(JSON.stringify(evidence), (_, value: unknown) =>
      typeof value === "string" ? this.#redactor.text(value) : value,
    );
  }

  #duration(stage: Stage): number {
    return this.#current?.stage === stage ? this.#clock.monotonic() - this.#current.startedAt : 0;
  }
}
