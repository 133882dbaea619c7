/**
 * A scenario as data, so that it can be printed, shrunk and run again. All times are milliseconds of virtual
 * time since the beginning; nodes, relays and emails are named by their index.
 */
export interface Plan {
  /** Of what is not decided here: latencies, jitter, which of several is hit. */
  readonly seed: number;
  /** Several nodes on one database. */
  readonly shared: boolean;
  readonly nodes: readonly NodePlan[];
  /** Each with one config, which are tried in this order. */
  readonly relays: readonly RelayPlan[];
  readonly emails: readonly EmailPlan[];
  readonly faults: readonly Fault[];
}

export interface NodePlan {
  readonly joinsAt: number;
  /** How far its time of day is ahead. */
  readonly skewMs: number;
}

export interface RelayPlan {
  readonly pipelining: boolean;
  readonly smtpUtf8: boolean;
  readonly maxBytes: number | null;
  readonly auth: boolean;
  /** One way. */
  readonly latencyMs: number;
  /** From the final dot to the reply. */
  readonly serviceMs: number;
  /** How fast it reads. */
  readonly bytesPerMs: number;
  /** Connections beyond are turned away. */
  readonly maxSessions: number;
  /** Limits of the config. */
  readonly maxConnections: number;
  readonly maxPerSecond: number | null;
  readonly maxPerMinute: number | null;
  readonly maxPerHour: number | null;
  readonly maxRecipientsPerDay: number | null;
  /** What its config may send as beside its own from email. */
  readonly senders: readonly string[];
  /** It counts as the built-in sandbox: it sends its own emails alone. */
  readonly isSandbox: boolean;
}

/** Of the config of a relay. */
export function fromEmailOf(relay: number): string {
  return `relay${relay}@example.com`;
}

export interface EmailPlan {
  readonly at: number;
  readonly node: number;
  readonly recipients: number;
  readonly bytes: number;
  readonly priority: "high" | "normal" | "low";
  readonly livesMs: number;
  readonly startsInMs: number;
  readonly hold: boolean;
  /** The sender that the request asks for; null for that of a config. */
  readonly from: string | null;
  /** The config that the request names. */
  readonly via: { readonly relay: number; readonly fallback: boolean } | null;
}

/** Whether a config has a limit over more than a second. */
export function isLimited({
  maxPerMinute,
  maxPerHour,
  maxRecipientsPerDay,
}: Pick<RelayPlan, "maxPerMinute" | "maxPerHour" | "maxRecipientsPerDay">): boolean {
  return [maxPerMinute, maxPerHour, maxRecipientsPerDay].some((max) => max !== null);
}

/** Where in a session a relay misbehaves. */
export const points = [
  "dial",
  "greeting",
  "ehlo",
  "auth",
  "mail",
  "rcpt",
  "data",
  "content",
  "dot",
  "accepted",
] as const;
export type Point = (typeof points)[number];

/** What it does there: `cut` sends half of its reply first; nothing comes any more after `stall`. */
export type Misbehavior =
  | { readonly do: "drop" | "cut" | "stall" }
  | { readonly do: "reply"; readonly text: string };

/** What an admin does to a config for a while: `limits` makes them small, `last` puts it behind the others. */
export type ConfigEdit = "save" | "disable" | "wrong-password" | "senders" | "limits" | "last";

interface Span {
  readonly at: number;
  readonly forMs: number;
}

export type Fault = Span &
  (
    | {
        readonly kind: "relay";
        readonly relay: number;
        readonly point: Point;
        readonly action: Misbehavior;
        /** How many of those that come to this point are hit. */
        readonly share: number;
      }
    /** It is back after the span. */
    | { readonly kind: "kill"; readonly node: number }
    | { readonly kind: "stop"; readonly node: number; readonly deadlineMs: number }
    | {
        readonly kind: "database";
        readonly how: "away" | "locked" | "refusing" | "timeout" | "answer-lost";
        /** Null for all. */
        readonly node: number | null;
        readonly share: number;
      }
    /** The database refuses the attempts of this email. */
    | { readonly kind: "poison"; readonly email: number }
    /** All clocks, if the node is null. */
    | { readonly kind: "clock"; readonly node: number | null; readonly byMs: number }
    | { readonly kind: "freeze"; readonly node: number }
    | {
        readonly kind: "config";
        readonly relay: number;
        readonly edit: ConfigEdit;
      }
    | { readonly kind: "announcements"; readonly how: "lost" | "late" }
    /** The name servers of this node do not answer. */
    | { readonly kind: "resolver"; readonly node: number }
    /** A node with another secret works on the same database. */
    | { readonly kind: "foreign-node" }
  );

/** From when on nothing is wrong any more. */
export function calmAt({ faults, emails, nodes }: Plan): number {
  const ends = [
    ...faults.map(({ at, forMs }) => at + forMs),
    ...emails.map(({ at }) => at),
    ...nodes.map(({ joinsAt }) => joinsAt),
  ];
  return Math.max(1_000, ...ends);
}
