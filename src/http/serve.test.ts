import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Listening, serve } from "./serve.ts";

// The server puts its own in place of these; stubbed, they are put back after this file.
beforeAll(() => {
  vi.stubGlobal("Request", Request);
  vi.stubGlobal("Response", Response);
});

const app = { fetch: async () => new Response("here") };
const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => isIPv6(address)));

let listening: Listening | undefined;
afterEach(async () => {
  await listening?.close();
  listening = undefined;
});

describe("a connection without a request", () => {
  it.each([
    [undefined, "timeout=65"],
    [300_000, "timeout=300"],
  ])("stays open for %s ms, longer than proxies keep it, and says so", async (keepAliveMs, said) => {
    listening = await serve(app, {
      host: "127.0.0.1",
      port: 0,
      ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
    });
    const [response] = (await once(request(listening.url).end(), "response")) as [IncomingMessage];
    response.resume();
    expect(response.headers["keep-alive"]).toBe(said);
  });
});

describe("the address to listen on", () => {
  it.each(["*", "0.0.0.0", ...(hasIpv6 ? ["::", "::1"] : []), "localhost"])("may be %s", async (host) => {
    listening = await serve(app, { host, port: 0 });
    expect(await (await fetch(listening.url)).text()).toBe("here");
  });

  it("of all addresses is that of IPv4 too", async () => {
    listening = await serve(app, { host: "*", port: 0 });
    const addresses = ["127.0.0.1", ...(hasIpv6 ? ["[::1]"] : [])];
    for (const address of addresses) {
      expect((await fetch(`http://${address}:${listening.port}`)).status).toBe(200);
    }
  });

  it.each(["192.0.2.1", "no-such-host.invalid"])("is named, and not the port, if it is %s", async (host) => {
    const refused = serve(app, { host, port: 0 });
    await expect(refused).rejects.toMatchObject({ code: "server.unavailable" });
    await expect(refused).rejects.toThrow(/Set SENDWRIGHT_HOST to an address of this machine, or to \*/);
    await expect(refused).rejects.not.toThrow("SENDWRIGHT_PORT");
  });
});
