import { Client } from "pg";
import { connectionOptions, defaultLimits } from "./postgres.ts";

/**
 * Listens to a channel for as long as the node lives, on a connection of its own; after that was lost,
 * anything may have been missed, so the callback is called too.
 * @returns the function that ends it.
 */
export function listen(
  url: string,
  channel: string,
  onMessage: (payload: string) => void,
): () => Promise<void> {
  let client: Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function open(): Promise<void> {
    const opened = new Client(connectionOptions(url, defaultLimits));
    client = opened;
    let over = false;
    const again = () => {
      if (over) return;
      over = true;
      void opened.end().catch(() => {});
      if (!stopped) timer = setTimeout(() => void open(), retryMs).unref();
    };
    opened.on("error", again);
    opened.on("end", again);
    opened.on("notification", ({ payload = "" }) => onMessage(payload));
    try {
      await opened.connect();
      await opened.query(`listen ${channel}`);
      onMessage("");
    } catch {
      again();
    }
  }
  void open();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await client?.end().catch(() => {});
  };
}

const retryMs = 1_000;
