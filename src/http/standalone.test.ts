import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openApp, type TestApp } from "../../test/support/open-app.ts";
import { startScriptedServer } from "../testing/scripted-server.ts";
import { type Standalone, startStandalone } from "./standalone.ts";

// The server puts its own in place of these; stubbed, they are put back after this file.
beforeAll(() => {
  vi.stubGlobal("Request", Request);
  vi.stubGlobal("Response", Response);
});

const local = { host: "127.0.0.1", port: 0 };
const firstAdmin = { email: "ada@example.com", password: "a long sentence" };

let opened: TestApp;
let server: Standalone | undefined;
beforeEach(async () => {
  opened = await openApp();
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await opened.close();
});

describe("a stand-alone server", () => {
  it("says where it is and how to become its first admin", async () => {
    server = await startStandalone(opened.services, local);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    expect(server.publicUrl).toBe(server.url);
    expect(server.firstAdminLink).toMatch(`${server.url}/first-admin#token=`);
    expect((await fetch(`${server.url}/api/health`)).status).toBe(200);
  });

  it("makes the admin that it is told of, once", async () => {
    server = await startStandalone(opened.services, { ...local, firstAdmin });
    expect(server.firstAdminLink).toBeNull();
    await server.close();
    server = await startStandalone(opened.services, {
      ...local,
      firstAdmin: { ...firstAdmin, password: "a later sentence" },
    });
    const signIn = (password: string) =>
      fetch(`${server?.url}/api/auth/sign-in/email`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...firstAdmin, password }),
      });
    expect((await signIn("a later sentence")).status).toBe(401);
    expect((await signIn(firstAdmin.password)).status).toBe(200);
  });

  it("lives under the path of its public address, and makes links with it", async () => {
    const publicUrl = "https://example.com/mail";
    server = await startStandalone(opened.services, { ...local, publicUrl });
    expect(server.firstAdminLink).toMatch(/^https:\/\/example\.com\/mail\/first-admin#token=/);
    for (const path of ["/mail/api/health", "/api/health"]) {
      expect((await fetch(server.url + path)).status).toBe(200);
    }
  });

  it("makes links in emails with its public address, or where only this machine can reach it", async () => {
    const publicUrl = "https://mail.example.com";
    for (const [options, count] of [
      [{ ...local, host: "0.0.0.0" }, 0],
      [{ ...local, host: "0.0.0.0", publicUrl }, 1],
      [local, 2],
    ] as const) {
      server = await startStandalone(opened.services, { ...options, firstAdmin });
      const response = await fetch(`${server.url}/api/auth/forgot-password`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email: firstAdmin.email }),
      });
      expect(response.status).toBe(202);
      // What was begun is ended before everything is let go.
      await server.close();
      expect((await opened.services.outbox.list({ limit: 10 })).items).toHaveLength(count);
    }
  });

  it("names the option to change when the port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    try {
      await expect(startStandalone(opened.services, { ...local, port })).rejects.toThrow(
        `Sendwright can't listen on port ${port} of 127.0.0.1: another program uses it. Set SENDWRIGHT_PORT to a free port.`,
      );
    } finally {
      other.close();
    }
  });

  it.each(["application/json", "text/event-stream"])(
    "stops the test of a connection when the client that wants %s hangs up",
    async (accept) => {
      const reached = Promise.withResolvers<void>();
      const left = Promise.withResolvers<void>();
      await using relay = await startScriptedServer(async (peer) => {
        reached.resolve();
        await peer.closed;
        left.resolve();
      });
      const apiKey = "k".repeat(32);
      server = await startStandalone(opened.services, { ...local, apiKey });
      const draft = {
        smtpServer: relay.host,
        smtpPort: relay.port,
        useTls: false,
        fromEmail: "a@example.com",
      };
      const client = httpRequest(`${server.url}/api/smtp-configs/test`, {
        method: "POST",
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json", accept },
      });
      client.on("error", () => {});
      client.end(JSON.stringify(draft));
      await reached.promise;
      client.destroy();
      await left.promise;
    },
  );

  it("does not start with a first admin who could not sign in", async () => {
    const wrong = { email: "ada", password: "short" };
    await expect(startStandalone(opened.services, { ...local, firstAdmin: wrong })).rejects.toThrow(
      /SENDWRIGHT_ADMIN_EMAIL must be.*SENDWRIGHT_ADMIN_PASSWORD must have/,
    );
  });
});

describe("metrics", () => {
  it("need no key on the machine itself, unless a proxy asks", async () => {
    server = await startStandalone(opened.services, local);
    const url = `${server.url}/metrics`;
    expect((await fetch(url)).status).toBe(200);
    for (const header of ["x-forwarded-for", "forwarded", "via"]) {
      expect((await fetch(url, { headers: { [header]: "203.0.113.9" } })).status).toBe(401);
    }
  });

  it("need one under a name that is not this machine's", async () => {
    server = await startStandalone(opened.services, local);
    const client = httpRequest(`${server.url}/metrics`, { headers: { host: "rebound.example" } }).end();
    const [response] = await once(client, "response");
    response.resume();
    expect(response.statusCode).toBe(401);
  });
});
