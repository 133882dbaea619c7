import { connect, createServer, type Socket } from "node:net";

/** A way to a server of this machine on which, while it is frozen, nothing arrives. */
export interface Freezer extends AsyncDisposable {
  readonly url: string;
  /** As behind a firewall that drops everything, or for a process that is stopped. */
  freeze(): void;
  /** What was sent meanwhile arrives now. */
  thaw(): void;
}

/** @param url of a database on this machine. */
export async function startFreezer(url: string): Promise<Freezer> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((incoming) => {
    const outgoing = connect(Number(new URL(url).port), "127.0.0.1");
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket
        .on("data", (chunk) => other.write(chunk))
        .on("error", () => {})
        .on("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
      if (isFrozen) socket.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const through = new URL(url);
  through.port = String((server.address() as { port: number }).port);
  return {
    url: through.href,
    freeze() {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw() {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
