import { calmAt, type Fault, isLimited, type RelayPlan } from "../plans/plan.ts";
import { type Accepted, isAboutAccount } from "../relay/relay.ts";
import type { AcceptedEmail, Scene } from "../scene.ts";
import { askedAt } from "./configs.ts";
import { slowestMs } from "./queue.ts";
import { routedAs } from "./routing.ts";
import { Rule } from "./rule.ts";

interface EmailRow {
  readonly id: string;
  readonly state: string;
  readonly possible_duplicate: number;
  readonly attempts: number;
  readonly expires_at: number;
  readonly finished_at: number | null;
}

interface RecipientRow {
  readonly email_id: string;
  readonly address: string;
  readonly state: string;
}

/** The longest pause, and one backoff more; what is well for so long has sent everything. */
const longestMs = 80 * 60_000;
/** What gets its turn gets it within this time, and that of the emails before it. */
const turnMs = 2 * 60_000;
/** Faults that may pause a config, or end the life of an email early. */
const trying: ReadonlySet<string> = new Set([
  "relay",
  "config",
  "clock",
  "freeze",
  "foreign-node",
  "resolver",
]);
/** Clocks of nodes that are well differ by less. */
const skewMs = 5_000;
/** So long before its end an email is tried once more, at the most. */
const lastAttemptMs = 65_000;

/** Looks at each email when all is over: its state must fit what the relays have seen. */
export function verify(scene: Scene): void {
  const rows = new Map(scene.database.look<EmailRow>("select * from emails").map((row) => [row.id, row]));
  const recipients = Map.groupBy(
    scene.database.look<RecipientRow>("select * from recipients order by email_id, position"),
    (row) => row.email_id,
  );
  for (const email of scene.emails) {
    const row = rows.get(email.id);
    scene.require(row !== undefined, "no email is lost", () => `${scene.nameOf(email.id)} is not stored`);
    if (row !== undefined) new EmailVerdict(scene, email, row, recipients.get(email.id) ?? []).verify();
  }
  verifyRefusals(scene);
  const foreign = "select 1 from attempts where error_code = 'secret.mismatch' limit 1";
  scene.require(
    scene.database.look(foreign).length === 0,
    "a node whose key does not fit claims nothing",
    () => "a password could not be decrypted",
  );
}

class EmailVerdict {
  readonly #scene: Scene;
  readonly #email: AcceptedEmail;
  readonly #row: EmailRow;
  readonly #recipients: readonly RecipientRow[];
  readonly #accepted: readonly Accepted[];

  constructor(scene: Scene, email: AcceptedEmail, row: EmailRow, recipients: readonly RecipientRow[]) {
    this.#scene = scene;
    this.#email = email;
    this.#row = row;
    this.#recipients = recipients;
    this.#accepted = scene.relays
      .flatMap(({ accepted }) => accepted)
      .filter(({ messageId }) => messageId === email.messageId)
      .sort((one, two) => one.at - two.at);
  }

  verify(): void {
    const { state, attempts } = this.#row;
    this.#scene.trace.note(
      "end",
      `${this.#scene.nameOf(this.#email.id)} is ${state}, ${attempts} attempts counted`,
    );
    this.#require(!["queued", "sending"].includes(state), "every email ends", `is still ${state}`);
    this.#verifyDuplicates();
    this.#verifyFence();
    this.#verifyExpiry();
    for (const recipient of this.#recipients) this.#verifyRecipient(recipient);
  }

  #verifyDuplicates(): void {
    const { hold } = this.#email.plan;
    for (const { address } of this.#recipients) {
      const copies = this.#accepted.filter(({ recipients }) => recipients.includes(address));
      const [first, second] = copies;
      if (first === undefined || second === undefined) continue;
      const where = `relays accepted it for ${address} ${copies.length} times`;
      this.#require(!hold, "an email that holds is never sent twice", where);
      this.#require(this.#row.possible_duplicate === 1, "a possible duplicate is marked", where);
      const isExcused = !first.wasRead || this.#scene.isExcused(this.#email.id);
      this.#require(isExcused, "what a relay has accepted is not sent again", where);
    }
  }

  /** Nodes do not send it at the same time, unless the first one has lost it. */
  #verifyFence(): void {
    if (this.#scene.isExcused(this.#email.id)) return;
    const all = this.#scene.relays
      .flatMap(({ decided }) => decided)
      .filter(({ messageId }) => messageId === this.#email.messageId)
      .sort((one, two) => one.from - two.from);
    const index = all.findIndex(({ by, to }, at) =>
      all.slice(at + 1).some((next) => next.by !== by && next.from < to),
    );
    const names = all.slice(index).map(({ by }) => by.name);
    this.#require(
      index === -1,
      "two nodes never send an email at once",
      `sent by ${names.join(" and ")} at once`,
    );
  }

  #verifyRecipient({ address, state }: RecipientRow): void {
    const copies = this.#accepted.filter(({ recipients }) => recipients.includes(address));
    const isMarked = this.#row.possible_duplicate === 1 || this.#row.state === "unknown";
    if (state === "sent") {
      this.#require(copies.length > 0, "sent means that a relay accepted it", `${address} is sent`);
    } else if (copies.length > 0 && state !== "unknown") {
      this.#require(isMarked, "what a relay has accepted is sent", `${address} is ${state}`);
    }
    if (state === "unknown") {
      // Without time for another try, that is also the end of an email that does not hold.
      const isLost = this.#email.plan.hold || this.#row.possible_duplicate === 1;
      this.#require(isLost, "an email ends as unknown only after a lost answer", address);
    }
    if (state === "failed") {
      this.#require(this.#isRefused(address), "an email fails for a reason of its own", `${address} failed`);
    }
  }

  /** By a relay for what the message or the recipient is, or by all that may send the email for what they are. */
  #isRefused(address: string): boolean {
    const { messageId } = this.#email;
    const isItsOwn = this.#scene.relays
      .flatMap(({ refusals }) => refusals)
      .some(
        (refusal) =>
          refusal.reply.startsWith("5") &&
          !isAboutAccount(refusal.reply) &&
          (refusal.recipient === address || refusal.messageId === messageId),
      );
    return isItsOwn || this.#candidates().every((relay) => this.#isRefusedBy(relay));
  }

  /** The relays that might have sent it all the time: one that was off or changed is none that it had to wait for. */
  #candidates(): readonly number[] {
    const [first = [], ...others] = this.#rules().map((rule) => rule.candidates().map(({ relay }) => relay));
    return first.filter((relay) => others.every((each) => each.includes(relay)));
  }

  #rules(): readonly Rule[] {
    const routed = routedAs(this.#scene, this.#email);
    return this.#scene.configs.since(this.#email.acceptedAt).map((configs) => new Rule(routed, configs));
  }

  /** Because of its size, or because the account may not send as its sender, which is not that of the config. */
  #isRefusedBy(index: number): boolean {
    const { plan, acceptedAt } = this.#email;
    const relay = this.#scene.relays[index];
    if (relay === undefined) return true;
    const isTooLarge = (relay.plan.maxBytes ?? Number.POSITIVE_INFINITY) < plan.bytes;
    const hasForeignSender = this.#rules().some((rule) => rule.isForeignTo(index));
    return isTooLarge || (hasForeignSender && relay.refusedSenderAt.some((at) => at >= acceptedAt));
  }

  #verifyExpiry(): void {
    if (!this.#recipients.some(({ state }) => state === "expired")) return;
    const { finished_at, expires_at } = this.#row;
    const early = expires_at - (finished_at ?? 0);
    this.#require(early <= skewMs, "no email expires before its time", `expired ${early} ms early`);
    const { acceptedAt, plan } = this.#email;
    const startsAt = acceptedAt + plan.startsInMs;
    const wellMs = startsAt + plan.livesMs - Math.max(startsAt, calmAt(this.#scene.plan));
    const { faults, emails, relays } = this.#scene.plan;
    const hadTurn = wellMs > turnMs + emails.length * slowestMs(this.#scene);
    const isSpared = faults.every(({ kind }) => !trying.has(kind)) && !relays.some(isLimited);
    const wasTried = Number.isFinite(askedAt(this.#scene.relays, this.#email.number));
    this.#require(wasTried || !hadTurn || !isSpared, "no email expires without a try", "was never tried");
    const hasTime =
      wellMs > longestMs && !faults.some(({ kind }) => kind === "clock") && !relays.some(isLimited);
    this.#verifyLastAttempt();
    this.#require(!hasTime, "mail flows once all is well", `expired although all was well for ${wellMs} ms`);
  }

  /** Who is put off again and again, and by nothing else, is asked just before the end. */
  #verifyLastAttempt(): void {
    const { plan, relays } = this.#scene;
    const { startsInMs, livesMs } = this.#email.plan;
    if (!plan.faults.every(isDeferral) || plan.relays.some(isNarrow)) return;
    const endsAt = this.#email.acceptedAt + startsInMs + livesMs;
    const early = endsAt - askedAt(relays, this.#email.number);
    const lateMs = plan.emails.length * slowestMs(this.#scene);
    this.#require(
      early <= lastAttemptMs + lateMs,
      "the last attempt comes just before the end",
      `was tried last ${early} ms before`,
    );
  }

  #require(holds: boolean, invariant: string, detail: string): void {
    this.#scene.require(holds, invariant, () => `${this.#scene.nameOf(this.#email.id)}: ${detail}`);
  }
}

/** Says nothing of the config, and opens no breaker. */
function isDeferral(fault: Fault): boolean {
  if (fault.kind !== "relay" || fault.point !== "rcpt" || fault.action.do !== "reply") return false;
  return /^45/.test(fault.action.text);
}

function isNarrow({ maxSessions, maxConnections, maxPerSecond, ...limits }: RelayPlan): boolean {
  return maxSessions < maxConnections || maxPerSecond !== null || isLimited(limits);
}

/** A recipient who was refused for good, and whose refusal was read, is not asked again. */
function verifyRefusals(scene: Scene): void {
  for (const email of scene.emails) {
    if (scene.isExcused(email.id)) continue;
    const refusals = scene.relays
      .flatMap((relay) => relay.refusals)
      .filter(({ recipient }) => recipient?.startsWith(`nobody${email.number}@`));
    scene.require(
      refusals.filter(({ wasRead }) => wasRead).length <= 1,
      "who was refused is not asked again",
      () => `${refusals[0]?.recipient} was refused ${refusals.length} times`,
    );
  }
}
