import { blockBytes } from "./content.ts";

/**
 * How long to wait, in milliseconds. RFC 5321 §4.5.3.2 suggests five minutes for most replies, with mail
 * exchangers anywhere in mind. A submission relay is chosen by its admin, and a reset link must not hang
 * on a silent one while another config could send it; so the waits that cost nothing when given up are
 * shorter. The wait after the final dot is not: giving up there makes duplicates.
 */
export interface Timeouts {
  /** From the name to an open connection, all addresses together. */
  readonly connectMs: number;
  readonly tlsMs: number;
  /** From the open connection to the whole greeting; some relays delay it against spam. */
  readonly greetingMs: number;
  /** For the whole reply to any command not named here. */
  readonly commandMs: number;
  /** For the reply to DATA. */
  readonly dataMs: number;
  /** For the relay to take each block of the content. */
  readonly blockMs: number;
  /** For the reply to the final dot. */
  readonly finalDotMs: number;
  /**
   * For the whole opening of a session, and for each transaction without the time that its content may take: against
   * relays that drip bytes.
   */
  readonly overallMs: number;
}

export const defaultTimeouts: Timeouts = {
  connectMs: 30_000,
  tlsMs: 30_000,
  greetingMs: 60_000,
  commandMs: 60_000,
  dataMs: 120_000,
  blockMs: 180_000,
  finalDotMs: 600_000,
  overallMs: 900_000,
};

/**
 * For each whole block of a content, beyond `overallMs`: 4 KiB a second. Five messages at once over 1 Mbit/s have six
 * times as much each.
 */
const perBlockMs = 64_000;

/** How much longer than `overallMs` a transaction with a content of this size may take. */
export function contentMs(bytes: number): number {
  return Math.floor(bytes / blockBytes) * perBlockMs;
}
