import { randomFillSync } from "node:crypto";

let lastMs = 0;
let counter = 0;

/** Random bytes are fetched many at a time: each fetch costs more than what it fetches. */
const pool = Buffer.alloc(4096);
let poolUsed = pool.length;

/**
 * A UUIDv7 (RFC 9562 §5.7): ids in the order of their making, so that inserts append to the index.
 * Within one millisecond the 12 bits of `rand_a` count up (§6.2, method 1); past 4,096 the
 * timestamp runs ahead.
 */
export function newId(nowMs: number): string {
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = 0;
  } else if (++counter > 0xfff) {
    lastMs += 1;
    counter = 0;
  }
  const time = lastMs.toString(16).padStart(12, "0");
  const tail = randomTail();
  const count = counter.toString(16).padStart(3, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

/** Lets ids begin again at an earlier time: for a process whose clock is replaced, as it is between test files. */
export function forgetLastId(): void {
  lastMs = 0;
  counter = 0;
  poolUsed = pool.length;
}

/** 62 random bits after the two of the variant (RFC 9562 §4.1), in hexadecimal. */
function randomTail(): string {
  if (poolUsed === pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  const random = pool.subarray(poolUsed, poolUsed + 8);
  poolUsed += random.length;
  random[0] = ((random[0] ?? 0) & 0x3f) | 0x80;
  return random.toString("hex");
}

/** The least id that is made at this time or later: where a range of ids by time begins. */
export function firstIdAt(ms: number): string {
  const time = ms.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}
