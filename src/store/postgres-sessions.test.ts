import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { sharedDatabase } from "../../test/support/shared-postgres.ts";
import { hasSessions } from "./postgres-sessions.ts";
import { openPostgresStore, openStoreBeside } from "./store.ts";

const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const int32 = (value: number) => Buffer.concat([int16(value >>> 16), int16(value & 0xffff)]);
/** A message of the protocol (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
const message = (type: string, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
};
const ready = message("Z", Buffer.from("I"));

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

/**
 * A server that answers each question for the session, from the connection of that number, with this one.
 * @returns its address.
 */
async function startServer(sessionOf: (connection: number, question: number) => number): Promise<string> {
  let connections = 0;
  let questions = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const connection = connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(Buffer.concat([message("R", int32(0)), ready]));
      socket.on("data", (asked) => {
        if (asked[0] !== "Q".charCodeAt(0)) return;
        const pid = Buffer.from(String(sessionOf(connection, questions++)));
        const column = [Buffer.from("pid\0"), int32(0), int16(0), int32(23), int16(4), int32(-1), int16(0)];
        socket.write(
          Buffer.concat([
            message("T", int16(1), ...column),
            message("D", int16(1), int32(pid.length), pid),
            message("C", Buffer.from("SELECT 1\0")),
            ready,
          ]),
        );
      });
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stop = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  };
  return `postgres://u:p@127.0.0.1:${(server.address() as AddressInfo).port}/db`;
}

describe("connections to a database", () => {
  it("have sessions of their own at PostgreSQL", async () => {
    const database = await sharedDatabase();
    expect(await hasSessions(database.url)).toBe(true);
    await database.giveBack();
  });

  it.each<[string, boolean, (connection: number, question: number) => number]>([
    ["that each keep theirs have sessions", true, (connection) => connection + 1],
    ["that share one have none", false, () => 1],
    ["that change theirs have none", false, (_, question) => question],
    ["that share one only now and then have none", false, (connection, n) => (n < 4 ? connection : 0)],
  ])("%s", async (_name, expected, sessionOf) => {
    expect(await hasSessions(await startServer(sessionOf))).toBe(expected);
  });

  it("that have none are refused before anything is done", async () => {
    const url = await startServer(() => 1);
    await expect(openPostgresStore(url)).rejects.toMatchObject({
      code: "store.unavailable",
      message: expect.stringMatching(/pool_mode = transaction.*session pooling/s),
    });
  });
});

it.each([openPostgresStore, openStoreBeside])(
  "tells nothing of an address whose password is not percent-encoded: %o",
  async (open) => {
    const error = await open("postgres://u:p@ss#w%rd@127.0.0.1:1/db").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "input.invalid" });
    const shown = inspect(error, { depth: 10 });
    for (const part of ["p@ss", "ss#w", "w%rd", "127.0.0.1:1"]) expect(shown).not.toContain(part);
  },
);
