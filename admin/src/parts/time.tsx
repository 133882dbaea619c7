import { useSyncExternalStore } from "react";
import { formatFullTime, formatTime } from "./format.ts";

const tickMs = 10_000;

function subscribe(onTick: () => void): () => void {
  const timer = setInterval(onTick, tickMs);
  return () => clearInterval(timer);
}

/** Now, to ten seconds: times on the page grow older while somebody looks at them. */
function useNow(): number {
  return useSyncExternalStore(subscribe, () => Math.floor(Date.now() / tickMs) * tickMs);
}

/** A time as its distance from now, with the whole of it on hover. */
export function Time({ iso }: { iso: string }) {
  const now = useNow();
  // A time younger than the last tick is not in the future.
  const seenAt = Date.parse(iso) > now && Date.parse(iso) <= now + tickMs ? Date.parse(iso) : now;
  return (
    <time dateTime={iso} title={formatFullTime(iso)}>
      {formatTime(iso, seenAt)}
    </time>
  );
}
