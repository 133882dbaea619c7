import { rfc3339 } from "../../../core/format.ts";
import type { PostgresStatus } from "../../../store/postgres-status.ts";
import { type Check, failed, ok, warning } from "./check.ts";

const subject = { id: "machine.clock", title: "Clock" };
const skew = { id: "database.clock", title: "Clocks" };

/** Before this there was no Sendwright. */
const firstRelease = Date.UTC(2026, 0, 1);
/** Nodes and their database may differ by this without harm. */
const harmlessMs = 2_000;
/** Leases last 30 s: a node that is off by as much takes what another one is sending. */
const harmfulMs = 15_000;

const setTheClock = "Set the machine's clock, and keep it right with NTP (`timedatectl set-ntp true`).";

/** @param newest the latest time in the database, by which a clock that went back is known. */
export function checkClock(now: number, newest: number | null): Check {
  const shown = rfc3339(now);
  if (now < firstRelease) {
    return failed(
      subject,
      `It is not ${shown}: certificates will not verify, and nothing is sent in time.`,
      setTheClock,
    );
  }
  if (newest !== null && newest - now > harmlessMs) {
    return failed(
      subject,
      `It is ${shown} here, but the database knows ${rfc3339(newest)} already: the clock went back, and emails wait until it has caught up.`,
      setTheClock,
    );
  }
  return ok(subject, shown);
}

/**
 * @param askedAt when the database was asked for its time, by the clock here, and when it had answered.
 */
export function checkSkew(status: PostgresStatus, askedAt: number, answeredAt: number): Check {
  // It looked at its clock in between.
  const offMs = status.now - Math.min(Math.max(status.now, askedAt), answeredAt);
  const off = `${(Math.abs(offMs) / 1_000).toFixed(1)} s`;
  if (Math.abs(offMs) <= harmlessMs) return ok(skew, `this machine and the database agree to ${off}`);
  const found = `The database is ${off} ${offMs > 0 ? "ahead of" : "behind"} this machine.`;
  return Math.abs(offMs) <= harmfulMs
    ? warning(skew, found, setTheClock)
    : failed(skew, `${found} Nodes that differ so much take each other's emails.`, setTheClock);
}
