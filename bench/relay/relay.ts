import { startChild } from "../child.ts";

/** The relay that all candidates deliver to. */
export interface Relay {
  readonly port: number;
  /** From now on counts anew: `delivered` resolves when mail was taken for so many different recipients. */
  expect(recipients: number): Promise<{ delivered: Promise<unknown> }>;
  close(): void;
}

/** A server that takes everything, in a process of its own. It refuses recipients whose address begins with `refused`. */
export async function startRelay(): Promise<Relay> {
  const child = startChild(new URL("catching-server.ts", import.meta.url));
  const { port } = await child.message<{ port: number }>();
  return {
    port,
    async expect(recipients) {
      child.send({ expect: recipients });
      await child.message();
      return { delivered: child.message() };
    },
    close: child.close,
  };
}

/** The same port as if it were far away: what is sent arrives `delayMs` later, both ways. */
export async function startDelay(port: number, delayMs: number): Promise<{ port: number; close(): void }> {
  const child = startChild(new URL("delaying-proxy.ts", import.meta.url), [String(port), String(delayMs)]);
  return { ...(await child.message<{ port: number }>()), close: child.close };
}
