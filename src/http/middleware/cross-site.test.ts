import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { isSendwrightError } from "../../core/errors.ts";
import { refuseCrossSite } from "./cross-site.ts";

const isByKey = async (request: Request) => request.headers.get("authorization") === "Bearer key";

function post(headers: Record<string, string>, publicUrl: string | null = null, method = "POST") {
  const app = new Hono().use(refuseCrossSite(publicUrl, isByKey)).all("/", (c) => c.text("done"));
  app.onError((error, c) => c.text(isSendwrightError(error) ? error.code : "other", 403));
  return app.request("http://mail.example.com/", { method, headers });
}

describe("refuseCrossSite", () => {
  it.each([
    ["a program, which says nothing", {}],
    ["the page itself", { "sec-fetch-site": "same-origin", origin: "https://mail.example.com" }],
    [
      "the page itself, behind a proxy that renames the host",
      { "sec-fetch-site": "same-origin", origin: "https://public.example.com" },
    ],
    ["an old browser on the page itself", { origin: "http://mail.example.com" }],
    ["an old browser, behind a proxy that ends TLS", { origin: "https://mail.example.com" }],
    [
      "a bearer of a key, wherever they are",
      { authorization: "Bearer key", "sec-fetch-site": "cross-site", origin: "https://evil.example" },
    ],
  ])("lets through %s", async (_name, headers) => {
    expect((await post(headers)).status).toBe(200);
  });

  it.each([
    ["another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
    ["another site in a browser that sends no origin", { "sec-fetch-site": "cross-site" }],
    [
      "a neighbour under the same domain",
      { "sec-fetch-site": "same-site", origin: "https://blog.example.com" },
    ],
    ["another site in an old browser", { origin: "https://evil.example" }],
    ["another port of the same host", { origin: "http://mail.example.com:8080" }],
    ["a sandboxed frame", { origin: "null" }],
    [
      "a token that is no key: it is not what says who calls",
      { authorization: "Bearer x", "sec-fetch-site": "cross-site", origin: "https://evil.example" },
    ],
    [
      "passwords that the browser adds by itself",
      { authorization: "Basic eDp5", origin: "https://evil.example" },
    ],
  ])("refuses %s", async (_name, headers) => {
    const response = await post(headers);
    expect(response.status).toBe(403);
    expect(await response.text()).toBe("request.cross_site");
  });

  it.each(["PUT", "PATCH", "DELETE"])("refuses %s as well", async (method) => {
    expect((await post({ origin: "https://evil.example" }, null, method)).status).toBe(403);
  });

  it("does not mind where one reads from", async () => {
    expect((await post({ "sec-fetch-site": "cross-site" }, null, "GET")).status).toBe(200);
  });

  it("trusts the public address in an old browser", async () => {
    const headers = { origin: "https://public.example.com" };
    expect((await post(headers, "https://public.example.com/mail")).status).toBe(200);
    expect((await post(headers)).status).toBe(403);
  });
});
