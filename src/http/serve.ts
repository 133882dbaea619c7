import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { SendwrightError } from "../core/errors.ts";
import type { App } from "./route.ts";

export interface Listening {
  /** What it is reached at from this machine, such as `http://127.0.0.1:4650`. */
  readonly url: string;
  readonly port: number;
  /** Lets requests under way end, for up to `deadlineMs` (default 5 s). */
  close(deadlineMs?: number): Promise<void>;
}

/**
 * Listens on a port of its own.
 * @param address port 0 is any free port.
 * @throws SendwrightError `server.unavailable`
 */
export async function serve(
  app: Pick<App, "fetch">,
  {
    host,
    port,
    keepAliveMs = 65_000,
  }: { readonly host: string; readonly port: number; readonly keepAliveMs?: number },
): Promise<Listening> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  // A proxy that keeps connections for longer may send a request just as this side closes, and answers it with 502.
  server.keepAliveTimeout = keepAliveMs;
  server.headersTimeout = Math.max(server.headersTimeout, keepAliveMs + headersMs);
  server.requestTimeout = Math.max(server.requestTimeout, server.headersTimeout);
  // A client that waits for `100 Continue` (RFC 9110 §10.1.1) gets it when its body is read, or else the refusal.
  server.on("checkContinue", (incoming, outgoing) => {
    incoming.once("resume", () => {
      if (!outgoing.headersSent) outgoing.writeContinue();
    });
    server.emit("request", incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(unavailable(error, host, port)));
    // Without an address Node.js takes all of IPv6 and IPv4, or of IPv4 on a machine without IPv6.
    server.listen({ port, ...(host === "*" ? {} : { host }) }, resolve);
  });
  const address = server.address();
  const boundPort = address !== null && typeof address === "object" ? address.port : port;
  return {
    url: `http://${reachable(host)}:${boundPort}`,
    port: boundPort,
    async close(deadlineMs = 5_000) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** How much longer than an idle connection is kept the headers of a request may take. */
const headersMs = 5_000;

/** All addresses of a machine include its own. */
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::" || host === "*") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function unavailable(error: Error, host: string, port: number): SendwrightError {
  const code = "code" in error ? error.code : undefined;
  const isPort = code === undefined || code === "EADDRINUSE" || code === "EACCES";
  const reason =
    code === "EADDRINUSE"
      ? "another program uses it"
      : code === "EACCES"
        ? "the system reserves that port"
        : code === "EADDRNOTAVAIL"
          ? "this machine has no such address"
          : isPort
            ? error.message
            : `the name or address can't be used (${code})`;
  const remedy = isPort
    ? "Set SENDWRIGHT_PORT to a free port"
    : "Set SENDWRIGHT_HOST to an address of this machine, or to * for all addresses";
  return new SendwrightError(
    "server.unavailable",
    `Sendwright can't listen on port ${port} of ${host}: ${reason}. ${remedy}.`,
    { cause: error },
  );
}
