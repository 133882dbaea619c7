import type { DialAddress } from "../../src/net/egress.ts";
import type { Wire } from "../../src/smtp/wire.ts";
import type { Fault, Misbehavior, Point, RelayPlan } from "../plans/plan.ts";
import { Random } from "../world/random.ts";
import type { Owner, Scheduler } from "../world/scheduler.ts";
import type { Trace } from "../world/trace.ts";
import { Session } from "./session.ts";
import { Link } from "./wire.ts";

/** Who opens connections. */
export interface Dialer extends Owner {
  readonly index: number;
  readonly name: string;
}

/** A message that a relay has truly accepted: from here on it is in the world. */
export interface Accepted {
  readonly messageId: string;
  readonly recipients: readonly string[];
  readonly at: number;
  readonly by: Dialer;
  readonly relay: number;
  /** Whether the client has read the reply. */
  wasRead: boolean;
}

/** A refusal for good, of a message (null) or of a recipient. */
export interface Refusal {
  readonly messageId: string | null;
  readonly recipient: string | null;
  readonly reply: string;
  wasRead: boolean;
}

/** A message that had all of its content, from MAIL to what became of it. */
export interface Decided {
  readonly messageId: string;
  readonly by: Dialer;
  /** It may have come along with the content before it. */
  readonly arrivedAt: number;
  readonly from: number;
  readonly to: number;
}

export type RelayFault = Extract<Fault, { kind: "relay" }>;

export interface RelayDependencies {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly seed: number;
}

/** A simulated relay: it speaks SMTP over links, does what its faults say, and records what it has accepted. */
export class Relay {
  readonly index: number;
  readonly plan: RelayPlan;
  readonly #dependencies: RelayDependencies;
  readonly #random: Random;
  readonly #sessions = new Map<Session, Dialer>();
  readonly #faults = new Set<RelayFault>();
  readonly accepted: Accepted[] = [];
  readonly refusals: Refusal[] = [];
  readonly decided: Decided[] = [];
  /** When it turned a client away without having accepted anything since. */
  turnedAway: number[] = [];
  /** When it last did anything but its duty; nothing since the beginning: never. */
  troubleAt = Number.NEGATIVE_INFINITY;
  lastContactAt = Number.NEGATIVE_INFINITY;
  /** When it refused an account or a sender last, rather than a message. */
  accountTroubleAt = Number.NEGATIVE_INFINITY;
  /** All times at which it refused a sender. */
  readonly refusedSenderAt: number[] = [];
  /** Contents that have begun to arrive, by their first recipient. */
  readonly begun: { readonly recipient: string; readonly by: Dialer; readonly at: number }[] = [];
  /** When each recipient was named last. */
  readonly askedAt = new Map<string, number>();
  /** Called when the first bytes of a content arrive, with its first recipient. */
  onContent: (by: Dialer, recipient: string) => void = () => {};
  /** Called when all of a message is there, with the sender of its envelope. */
  onMessage: (by: Dialer, from: string, content: Buffer) => void = () => {};
  #password = "right";

  constructor(index: number, plan: RelayPlan, dependencies: RelayDependencies) {
    this.index = index;
    this.plan = plan;
    this.#dependencies = dependencies;
    this.#random = new Random(`${dependencies.seed}/relay${index}`);
  }

  get name(): string {
    return `relay${this.index}`;
  }

  get address(): string {
    return `10.1.0.${this.index + 1}`;
  }

  get sessions(): ReadonlyMap<Session, Dialer> {
    return this.#sessions;
  }

  /** Nothing is wrong with it, nor with a session from before. */
  get isWell(): boolean {
    return this.#faults.size === 0 && [...this.#sessions.keys()].every(({ isStalled }) => !isStalled);
  }

  /** The password that it expects. */
  set password(password: string) {
    this.#password = password;
  }

  begin(fault: RelayFault): void {
    this.#faults.add(fault);
  }

  end(fault: RelayFault): void {
    this.#faults.delete(fault);
  }

  dial(by: Dialer, _to: DialAddress, signal: AbortSignal): Promise<Wire> {
    const { scheduler, trace } = this.#dependencies;
    const { latencyMs, bytesPerMs } = this.plan;
    this.lastContactAt = scheduler.now;
    const action = this.#misbehaves("dial", by);
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      if (action?.do === "stall") return;
      scheduler.after(
        2 * latencyMs,
        () => {
          if (signal.aborted) return;
          if (action !== null) {
            reject(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));
            return;
          }
          const link = new Link({ scheduler, owner: by, latencyMs, bytesPerMs });
          const session = this.#open(link, by);
          trace.note(this.name, `session ${this.#sessions.size} of ${by.name}`);
          resolve(link);
          scheduler.after(1, () => {
            const isFull = this.#sessions.size > this.plan.maxSessions;
            if (isFull) this.#trouble(by, "turns one session too many away");
            session.greet(isFull ? "421 4.7.0 Too many connections" : null);
          });
        },
        by,
      );
    });
  }

  /** Its machine is gone, and the system has closed its connections. */
  dropAll(by: Dialer): void {
    for (const [session, dialer] of this.#sessions) {
      if (dialer === by) this.#dependencies.scheduler.after(this.plan.latencyMs, () => session.closed());
    }
  }

  #open(link: Link, by: Dialer): Session {
    const { scheduler, trace } = this.#dependencies;
    const { pipelining, smtpUtf8, maxBytes, auth, serviceMs } = this.plan;
    const session: Session = new Session(link, {
      extensions: [
        ...(pipelining ? ["PIPELINING"] : []),
        ...(smtpUtf8 ? ["SMTPUTF8"] : []),
        ...(maxBytes === null ? [] : [`SIZE ${maxBytes}`]),
        ...(auth ? ["AUTH PLAIN"] : []),
        "8BITMIME",
      ],
      serviceMs,
      maxBytes,
      misbehaves: (point) => this.#misbehaves(point, by),
      now: () => scheduler.now,
      after: (delayMs, run) => void scheduler.after(delayMs, run),
      isPassword: (response) => {
        this.lastContactAt = scheduler.now;
        const [, , password] = Buffer.from(response, "base64").toString().split("\0");
        const isRight = password === this.#password;
        if (!isRight) this.#trouble(by, "rejects a password");
        return isRight;
      },
      asked: (recipient) => {
        this.lastContactAt = scheduler.now;
        this.askedAt.set(recipient, scheduler.now);
      },
      begun: (recipient) => {
        this.begun.push({ recipient, by, at: scheduler.now });
        this.onContent(by, recipient);
      },
      decided: (content, { from, startedAt, arrivedAt }) => {
        const times = { arrivedAt, from: startedAt, to: scheduler.now };
        this.decided.push({ messageId: messageIdOf(content), by, ...times });
        this.onMessage(by, from, content);
      },
      accepted: (recipients, content) => this.#accept(recipients, content, by),
      refused: (content, recipient, reply) => {
        trace.note(this.name, `refuses ${recipient ?? "a message"} of ${by.name}: ${reply}`);
        const messageId = content === null ? null : messageIdOf(content);
        const refusal: Refusal = { messageId, recipient, reply, wasRead: false };
        this.refusals.push(refusal);
        return () => {
          refusal.wasRead = true;
        };
      },
      ended: (ended) => this.#sessions.delete(ended),
    });
    link.attach(session);
    this.#sessions.set(session, by);
    return session;
  }

  #accept(recipients: readonly string[], content: Buffer, by: Dialer): () => void {
    const { scheduler, trace } = this.#dependencies;
    const messageId = messageIdOf(content);
    const at = scheduler.now;
    const accepted: Accepted = { messageId, recipients, at, by, relay: this.index, wasRead: false };
    this.accepted.push(accepted);
    this.turnedAway = [];
    trace.note(this.name, `accepts ${subjectOf(content)} of ${by.name} for ${recipients.join(", ")}`);
    return () => {
      accepted.wasRead = true;
    };
  }

  #misbehaves(point: Point, by: Dialer): Misbehavior | null {
    for (const { point: where, share, action } of this.#faults) {
      if (where !== point || !this.#random.chance(share)) continue;
      this.#trouble(by, `${action.do === "reply" ? action.text : action.do} at ${point}`);
      if (action.do === "reply" && isAboutAccount(action.text)) {
        this.accountTroubleAt = this.troubleAt;
        if (isAboutSender(action.text)) this.refusedSenderAt.push(this.troubleAt);
      }
      // Who defers one recipient may accept the next: that is no request for less, but for 421.
      if (action.do === "reply" && (point === "rcpt" ? /^421/ : /^4/).test(action.text))
        this.turnedAway.push(this.#dependencies.scheduler.now);
      return action;
    }
    return null;
  }

  #trouble(by: Dialer, what: string): void {
    this.troubleAt = this.#dependencies.scheduler.now;
    this.#dependencies.trace.note(this.name, `${what} (${by.name})`);
  }
}

/** Refusals that say nothing of the message. */
export function isAboutAccount(reply: string): boolean {
  return /^5\d\d 5\.(?:7\.1 Sender|4\.5|1\.8)/.test(reply);
}

function isAboutSender(reply: string): boolean {
  return /^5\d\d 5\.7\.1 Sender/.test(reply);
}

export function messageIdOf(content: Buffer): string {
  return /^Message-ID: *(<[^>]+>)/im.exec(content.toString("latin1", 0, 4_000))?.[1] ?? "none";
}

function subjectOf(content: Buffer): string {
  return /^Subject: *(.+)\r$/im.exec(content.toString("latin1", 0, 4_000))?.[1] ?? "a message";
}
