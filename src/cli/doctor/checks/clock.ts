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

const setTheClock = "Set this machine's clock and keep it in sync with NTP (`timedatectl set-ntp true`).";

/** @param newest the latest time in the database, by which a clock that went back is known. */
export function checkClock(now: number, newest: number | null): Check {
  const shown = rfc3339(now);
  if (now < firstRelease) {
    return failed(
      subject,
      `The clock is wrong: ${shown}. Certificates won't verify and emails won't be sent on time.`,
      setTheClock,
    );
  }
  if (newest !== null && newest - now > harmlessMs) {
    return failed(
      subject,
      `The clock was set back: it's ${shown} here, but the database has entries from ${rfc3339(newest)}. Emails stay queued until the clock catches up.`,
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
  if (Math.abs(offMs) <= harmlessMs) return ok(skew, `within ${off} of the database's clock`);
  const found = `The database's clock is ${off} ${offMs > 0 ? "ahead of" : "behind"} this machine's.`;
  return Math.abs(offMs) <= harmfulMs
    ? warning(skew, found, setTheClock)
    : failed(
        skew,
        `${found} Nodes whose clocks differ that much send each other's emails again.`,
        setTheClock,
      );
}
