import { createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { ConnectionCut, Peer, type ServerTls } from "./peer.ts";

/** One conversation. When it returns, the connection is ended; when it throws, dropped. */
export type Script = (peer: Peer) => void | Promise<void>;

export interface ScriptedServerOptions {
  /** TLS from the first byte, as on port 465. */
  readonly implicitTls?: ServerTls;
}

/** `cut`: the connection was over while the script still waited for the client. */
export type ScriptOutcome = "running" | "finished" | "cut" | "failed";

/** What happened on one connection, as it happens. */
export interface ScriptedConnection {
  /** All bytes from the client, in order, decrypted. */
  readonly received: Buffer;
  readonly outcome: ScriptOutcome;
  readonly tlsVersion: string | null;
  readonly serverName: string | null;
}

export interface ScriptedServer extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** In the order in which they were opened. */
  readonly connections: readonly ScriptedConnection[];
  /** What scripts threw, but for ConnectionCut: that a client leaves is for the test to judge. */
  readonly errors: readonly unknown[];
  /** Resolves when no script is running any more. */
  settled(): Promise<void>;
  /**
   * Drops every connection and frees the port.
   * @throws what a script threw, so that a wrong turn of the conversation fails the test; an
   * AggregateError for more than one.
   */
  close(): Promise<void>;
}

/**
 * A server on a free port of 127.0.0.1 that plays a script to each client, byte for byte.
 *
 * ```ts
 * await using server = await startScriptedServer(async (peer) => {
 *   peer.send("220 relay.test\r\n");
 *   await peer.expect(/^EHLO /);
 *   peer.send("250-relay.test\r\n250 PIPELINING\r\n");
 * });
 * ```
 */
export async function startScriptedServer(
  script: Script,
  options: ScriptedServerOptions = {},
): Promise<ScriptedServer> {
  const connections: ScriptedConnection[] = [];
  const errors: unknown[] = [];
  const peers = new Set<Peer>();
  const running = new Set<Promise<void>>();

  async function play(socket: Socket): Promise<void> {
    const peer = new Peer(socket);
    peers.add(peer);
    socket.once("close", () => peers.delete(peer));
    let outcome: ScriptOutcome = "running";
    connections.push({
      get received() {
        return peer.received;
      },
      get outcome() {
        return outcome;
      },
      get tlsVersion() {
        return peer.tlsVersion;
      },
      get serverName() {
        return peer.serverName;
      },
    });
    try {
      if (options.implicitTls !== undefined) await peer.startTls(options.implicitTls);
      await script(peer);
      outcome = "finished";
      peer.end();
    } catch (error) {
      outcome = error instanceof ConnectionCut ? "cut" : "failed";
      if (outcome === "failed") errors.push(error);
      peer.destroy();
    }
  }

  const server = createServer((socket) => {
    const played = play(socket).finally(() => running.delete(played));
    running.add(played);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");

  async function close(): Promise<void> {
    for (const peer of peers) peer.destroy();
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    // Scripts that waited for the client learn of the end now; one that waits for anything else is left behind.
    await turn();
    const [first, ...others] = errors.splice(0);
    if (others.length > 0) throw new AggregateError([first, ...others], "Several scripts failed.");
    if (first !== undefined) throw first;
  }

  return {
    host: "127.0.0.1",
    port: address.port,
    connections,
    errors,
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
