import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { expect, test } from "vitest";
import { makeAuthority } from "./certificates.ts";
import { startScriptedServer } from "./scripted-server.ts";

const authority = makeAuthority();
const tls = authority.issue({ names: ["relay.test"] });
const trust = { ca: authority.caPem, servername: "relay.test" };

/** A client that keeps what it hears. */
async function dial(server: { host: string; port: number }) {
  const socket = connect(server.port, server.host);
  await once(socket, "connect");
  return { socket, heard: listen(socket) };
}

/** Everything heard by the time this text came, or the connection ended. */
function listen(socket: Socket) {
  let text = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    text += chunk;
  });
  return (until?: string) =>
    new Promise<string>((resolve) => {
      const check = () => {
        if (socket.closed || (until !== undefined && text.includes(until))) resolve(text);
      };
      socket.on("data", check);
      socket.on("close", () => resolve(text));
      check();
    });
}

test("plays a script and keeps every byte of the client", async () => {
  await using server = await startScriptedServer(async (peer) => {
    peer.send("220 hi\r\n");
    expect(await peer.line()).toBe("EHLO me");
    peer.send("354 go\r\n");
    expect((await peer.body()).toString()).toBe("..dot\r\nend\r\n.\r\n");
    await peer.expect("NOOP");
    expect(await peer.bytes(2)).toEqual(Buffer.of(0x00, 0xff));
  });
  const client = await dial(server);
  await client.heard("220 hi\r\n");
  client.socket.write("EHLO me\r\n..dot\r\nend\r\n.\r\nNOOP\r\n");
  client.socket.write(Buffer.of(0x00, 0xff));
  expect(await client.heard("354 go\r\n")).toBe("220 hi\r\n354 go\r\n");
  await client.heard();
  expect(server.connections[0]?.outcome).toBe("finished");
  expect(server.connections[0]?.received.toString("latin1")).toBe(
    "EHLO me\r\n..dot\r\nend\r\n.\r\nNOOP\r\n\x00\xff",
  );
});

test("takes a lone dot as an empty content", async () => {
  await using server = await startScriptedServer(async (peer) => {
    expect((await peer.body()).toString()).toBe(".\r\n");
    await peer.expect("QUIT");
  });
  const client = await dial(server);
  client.socket.write(".\r\nQUIT\r\n");
  await client.heard();
  expect(server.connections[0]?.outcome).toBe("finished");
});

test("dribbles byte by byte, and what runs between sees each one gone", async () => {
  let pauses = 0;
  await using server = await startScriptedServer((peer) => peer.dribble("220 slow\r\n", () => pauses++));
  const client = await dial(server);
  expect(await client.heard()).toBe("220 slow\r\n");
  expect(pauses).toBe(10);
});

test("goes on in TLS after STARTTLS, on record with version and name", async () => {
  await using server = await startScriptedServer(async (peer) => {
    await peer.expect("STARTTLS");
    peer.send("220 go\r\n");
    await peer.startTls({ ...tls, maxVersion: "TLSv1.2" });
    peer.send("secret\r\n");
    await peer.expect("EHLO again");
  });
  const { socket, heard } = await dial(server);
  socket.write("STARTTLS\r\n");
  await heard("220 go\r\n");
  socket.removeAllListeners("data");
  const secure = connectTls({ socket, ...trust });
  const heardSecure = listen(secure);
  expect(await heardSecure("secret\r\n")).toBe("secret\r\n");
  secure.write("EHLO again\r\n");
  await heardSecure();
  const connection = server.connections[0];
  expect(connection?.received.toString()).toBe("STARTTLS\r\nEHLO again\r\n");
  expect(connection?.tlsVersion).toBe("TLSv1.2");
  expect(connection?.serverName).toBe("relay.test");
  expect(connection?.outcome).toBe("finished");
});

test("takes a handshake that came before the script turned to it", async () => {
  await using server = await startScriptedServer(async (peer) => {
    while (peer.received.length < 100) await new Promise(setImmediate);
    await peer.startTls(tls);
    peer.send("safe\r\n");
  });
  const secure = connectTls({ host: server.host, port: server.port, ...trust });
  expect(await listen(secure)()).toBe("safe\r\n");
  expect(server.connections[0]?.received.length).toBe(0);
});

test("notices plaintext where the handshake was due", async () => {
  const server = await startScriptedServer(async (peer) => {
    await peer.expect("STARTTLS");
    await peer.expect("NOOP");
    await peer.startTls(tls);
  });
  const client = await dial(server);
  client.socket.write("STARTTLS\r\nNOOP\r\nEHLO early\r\n");
  await client.heard();
  await server.settled();
  await expect(server.close()).rejects.toThrow(/EHLO early.*in the clear/);
});

test("speaks TLS from the first byte, and counts a refused handshake as cut", async () => {
  await using server = await startScriptedServer((peer) => peer.send("220 safe\r\n"), { implicitTls: tls });
  const trusting = connectTls({ host: server.host, port: server.port, ...trust });
  expect(await listen(trusting)()).toBe("220 safe\r\n");
  const doubting = connectTls({ host: server.host, port: server.port, servername: "relay.test" });
  await listen(doubting)();
  await server.settled();
  expect(server.connections.map((connection) => connection.outcome)).toEqual(["finished", "cut"]);
});

test("tells a script that its client is gone, and leaves the judgement to the test", async () => {
  await using server = await startScriptedServer(async (peer) => {
    await peer.expect("half");
    await peer.line();
  });
  const client = await dial(server);
  client.socket.end("half\r\na line without end");
  await client.heard();
  await server.settled();
  expect(server.connections[0]?.outcome).toBe("cut");
  expect(server.errors).toEqual([]);
});

test("fails the test on close when a script took a wrong turn", async () => {
  const server = await startScriptedServer(async (peer) => {
    await peer.expect(/^EHLO /);
  });
  for (const word of ["HELO a", "HELO b"]) {
    const client = await dial(server);
    client.socket.write(`${word}\r\n`);
    await client.heard();
  }
  await server.settled();
  expect(server.errors).toHaveLength(2);
  expect(server.connections[0]?.outcome).toBe("failed");
  await expect(server.close()).rejects.toThrow("Several scripts failed.");
});

test("resets the connection", async () => {
  await using server = await startScriptedServer((peer) => peer.reset());
  const socket = connect(server.port, server.host);
  const [error] = await once(socket, "error");
  expect(error.code).toBe("ECONNRESET");
});

test("closes while scripts keep silent, and frees the port", async () => {
  let silence: Promise<void> | undefined;
  const server = await startScriptedServer((peer) => {
    silence = peer.closed;
    return silence;
  });
  const client = await dial(server);
  client.socket.write("anyone?\r\n");
  await new Promise(setImmediate);
  await server.close();
  await silence;
  const again = connect(server.port, server.host);
  const [error] = await once(again, "error");
  expect(error.code).toBe("ECONNREFUSED");
  await server.close();
});
