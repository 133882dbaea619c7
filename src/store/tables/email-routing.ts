import { type RawBuilder, sql } from "kysely";

/** A config as the database is asked about it. Addresses are in lower case. */
export interface RoutingConfig {
  readonly id: string;
  readonly fromEmail: string;
  /** Addresses, and `@domain` for all of a domain. */
  readonly senders: readonly string[];
  /** Whether it leads to the built-in sandbox. */
  readonly isSandbox: boolean;
  /** As `refusalOf` the config. */
  readonly refusal: string;
}

/** Which emails a config takes: the rule of `delivery/router.ts`, for all emails at once. */
export interface RoutingRule {
  /** All that are on, in their order. */
  readonly configs: readonly RoutingConfig[];
  /** The place of the one that takes them. */
  readonly taker: number;
  /** For each, whether it can be used now: what it would take before the taker is left to it. */
  readonly usable: readonly boolean[];
  /** For each, how many more recipients it may send to; null: any number. Default: null for all. */
  readonly rooms?: readonly (number | null)[];
}

/** The recipients that an email is still to be sent to. */
export const openRecipients = sql`(select count(*) from recipients
  where recipients.email_id = emails.id and recipients.state = 'queued')`;

/** A condition, whose text depends on `key` alone, and the values that it is filled with. */
export interface RoutingCondition {
  readonly key: string;
  readonly values: Readonly<Record<string, string | number>>;
  /** @param value gives what stands for a value in the statement. */
  build(value: (name: string) => unknown): RawBuilder<boolean>;
}

/** The emails that the rule gives to its taker. */
export function routingCondition(rule: RoutingRule): RoutingCondition {
  const { configs, taker, usable, rooms = [] } = rule;
  const shapes = configs.map(({ senders, isSandbox }) => {
    return senders.map((sender) => (isDomain(sender) ? "d" : "a")).join("") + (isSandbox ? "s" : "");
  });
  return {
    key: `${taker} ${usable.map(Number).join("")} ${shapes.join(",")} ${rooms.map(isLimited).map(Number).join("")}`,
    values: Object.assign({}, ...configs.map(valuesOf), ...rooms.map(roomValue)),
    build: (value) => new ConditionBuilder(rule, value).build(),
  };
}

function valuesOf({ id, fromEmail, senders, refusal }: RoutingConfig, index: number): Record<string, string> {
  const patterns = senders.map((sender) => (isDomain(sender) ? `%${likeLiteral(sender)}` : sender));
  return {
    [`id${index}`]: id,
    [`from${index}`]: fromEmail,
    [`refusal${index}`]: `% ${refusal} %`,
    ...Object.fromEntries(patterns.map((pattern, place) => [`sender${index}_${place}`, pattern])),
  };
}

function isLimited(room: number | null): boolean {
  return room !== null;
}

function roomValue(room: number | null, index: number): Record<string, number> {
  return room === null ? {} : { [`room${index}`]: room };
}

function isDomain(sender: string): boolean {
  return sender.startsWith("@");
}

function likeLiteral(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

class ConditionBuilder {
  readonly #rule: RoutingRule;
  readonly #value: (name: string) => unknown;

  constructor(rule: RoutingRule, value: (name: string) => unknown) {
    this.#rule = rule;
    this.#value = value;
  }

  build(): RawBuilder<boolean> {
    const { configs, taker } = this.#rule;
    const conditions = [
      sql`(refused_by is null or refused_by not like ${this.#of("refusal", taker)})`,
      sql`(via is null or via_fallback = 1 or via = ${this.#of("id", taker)})`,
    ];
    if (configs[taker]?.isSandbox === true) {
      conditions.push(...this.#others(taker).map((other) => sql`not ${this.#precedes(other, taker)}`));
      return all(conditions);
    }
    for (const [index, config] of configs.entries()) {
      if (config.isSandbox) conditions.push(this.#isNotHome(index));
      else if (index !== taker && this.#rule.usable[index] === true) conditions.push(this.#isLeftBy(index));
    }
    return all(conditions);
  }

  /** What is a sandbox's own goes nowhere else. */
  #isNotHome(sandbox: number): RawBuilder<boolean> {
    return any(this.#others(sandbox).map((other) => this.#precedes(other, sandbox)));
  }

  /** What a config that can be used takes before the taker, unless its relay has refused it, or it has no room. */
  #isLeftBy(other: number): RawBuilder<boolean> {
    const refusal = this.#of("refusal", other);
    const precedes = this.#precedes(other, this.#rule.taker);
    const room = this.#rule.rooms?.[other] ?? null;
    const hasNoRoom =
      room === null ? sql`` : sql` or ${openRecipients} > cast(${this.#of("room", other)} as integer)`;
    return sql`(not ${precedes} or (refused_by is not null and refused_by like ${refusal})${hasNoRoom})`;
  }

  /** Whether a config comes before another one among the candidates of an email. */
  #precedes(one: number, other: number): RawBuilder<boolean> {
    const operator = one < other ? sql`<=` : sql`<`;
    return sql`(${this.#rank(one)} ${operator} ${this.#rank(other)})`;
  }

  #rank(index: number): RawBuilder<number> {
    const sender = this.#wantedSender();
    const { senders = [] } = this.#rule.configs[index] ?? {};
    const owned = senders.map((each, place) => {
      const pattern = this.#of("sender", `${index}_${place}`);
      return isDomain(each) ? sql`${sender} like ${pattern} escape '\\'` : sql`${sender} = ${pattern}`;
    });
    const ofSenders = owned.length === 0 ? sql`` : sql`when ${sql.join(owned, sql` or `)} then 2`;
    return sql`(case when via = ${this.#of("id", index)} then 0
      when ${sender} = ${this.#of("from", index)} then 1 ${ofSenders} else 3 end)`;
  }

  /** That of the email, else that of the config which the request named, else that of the first one. */
  #wantedSender(): RawBuilder<string> {
    const named = this.#rule.configs.map((_, index) => {
      return sql`when ${this.#of("id", index)} then cast(${this.#of("from", index)} as text)`;
    });
    return sql`coalesce(sender, case via ${sql.join(named, sql` `)} end, cast(${this.#of("from", 0)} as text))`;
  }

  #others(index: number): readonly number[] {
    return [...this.#rule.configs.keys()].filter((other) => other !== index);
  }

  #of(name: string, index: number | string): unknown {
    return this.#value(`${name}${index}`);
  }
}

function all(conditions: readonly RawBuilder<unknown>[]): RawBuilder<boolean> {
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

function any(conditions: readonly RawBuilder<unknown>[]): RawBuilder<boolean> {
  return conditions.length === 0 ? sql<boolean>`1 = 0` : sql<boolean>`(${sql.join(conditions, sql` or `)})`;
}
