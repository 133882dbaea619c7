import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NewApiKey } from "../../src/http/schema/accounts.ts";
import type { Problem } from "../../src/http/schema/common.ts";
import { saveConfig, settingsFor } from "./calls.ts";
import { apiKey, makeServiceFolder, type Service, type ServiceFolder } from "./service.ts";

const nowhere = { host: "relay.invalid", port: 587 };
const admin = { email: "admin@example.com", password: "a long sentence" };

let folder: ServiceFolder;
let service: Service;
let configId: string;

beforeAll(async () => {
  folder = makeServiceFolder();
  service = await folder.start({
    SENDWRIGHT_ADMIN_EMAIL: admin.email,
    SENDWRIGHT_ADMIN_PASSWORD: admin.password,
  });
  // Switched off, so that what is accepted is not tried.
  configId = (await saveConfig(service, nowhere, { enabled: false })).id;
});
afterAll(() => folder.dispose());

const bearer = { authorization: `Bearer ${apiKey}` };
const json = { ...bearer, "content-type": "application/json" };
const send = (path: string, init: RequestInit) => fetch(service.url + path, init);

async function problemOf(response: Response | Promise<Response>): Promise<Problem> {
  const answer = await response;
  const text = await answer.text();
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(text.length).toBeLessThan(20_000);
  const problem = JSON.parse(text) as Problem;
  expect(problem.status).toBe(answer.status);
  return problem;
}

/** The fields that are named as wrong. */
async function wrongFields(method: string, path: string, body: unknown): Promise<string[]> {
  const problem = await problemOf(send(path, { method, headers: json, body: JSON.stringify(body) }));
  expect(problem).toMatchObject({ status: 400, code: "input.invalid" });
  return (problem.errors ?? []).map(({ pointer }) => pointer).sort();
}

/** Everything that a refused request must leave as it was. */
async function everything(): Promise<unknown> {
  const paths = ["/api/smtp-configs", "/api/emails?limit=200", "/api/api-keys", "/api/audit-log?limit=200"];
  return Promise.all(paths.map(async (path) => (await service.call<unknown>("GET", path)).body));
}

/** Each thing that takes settings, with a body that it would take. */
function settingsRoutes(): [method: string, path: string, body: Record<string, unknown>][] {
  const settings = settingsFor(nowhere, { username: "app", password: "opened-sesame" });
  return [
    ["POST", "/api/smtp-configs", settings],
    ["POST", "/api/smtp-configs/test", settings],
    ["PUT", `/api/smtp-configs/${configId}`, { ...settings, version: 1 }],
    ["POST", `/api/smtp-configs/${configId}/test`, settings],
  ];
}

const emailBody = { to: "jo@example.com", subject: "Hello", text: "Hello Jo" };
const hostile = { CR: "a\rb", LF: "a\nb", "a header": "a\r\nBcc: eve@example.com", NUL: "a\0b" };

describe("SMTP settings", () => {
  it.each([0, 65536, -1, 25.5, 1e300, "25abc", "587", "", null, true, [25], {}])(
    "take no port %j, and say so",
    async (smtpPort) => {
      const before = await everything();
      for (const [method, path, body] of settingsRoutes()) {
        expect(await wrongFields(method, path, { ...body, smtpPort })).toEqual(["/smtpPort"]);
      }
      expect(await everything()).toEqual(before);
    },
  );

  it.each(Object.entries(hostile))("take no %s in any text", async (_name, text) => {
    const before = await everything();
    const addresses = { fromEmail: `${text}@example.com`, replyTo: `${text}@example.com` };
    const names = {
      name: text,
      smtpServer: text,
      username: text,
      password: text,
      fromName: text,
      ehloName: text,
    };
    const wrong = { ...addresses, ...names, caPem: `-----BEGIN CERTIFICATE-----\0${text}` };
    for (const [method, path, body] of settingsRoutes()) {
      for (const [field, value] of Object.entries(wrong)) {
        expect(await wrongFields(method, path, { ...body, [field]: value })).toEqual([`/${field}`]);
      }
      const all = Object.keys(wrong).map((field) => `/${field}`);
      expect(await wrongFields(method, path, { ...body, ...wrong })).toEqual(all.sort());
    }
    expect(await everything()).toEqual(before);
  });

  it("name every wrong field of a body at once, unknown ones too", async () => {
    const wrong = {
      smtpServer: "https://smtp.example.com/",
      smtpPort: "25abc",
      useTls: "yes",
      tlsMode: "ssl",
      authMethod: "cram-md5",
      fromEmail: "not an address",
      replyTo: 7,
      name: ["list"],
      position: -1,
      enabled: 1,
      maxConnections: 0,
      maxPerSecond: 0.5,
      ehloName: "-",
      caPem: "nonsense",
      password: {},
      colour: "red",
      "sm/tp~": 1,
    };
    const pointers = [...Object.keys(wrong).filter((key) => key !== "sm/tp~"), "sm~1tp~0"].map(
      (key) => `/${key}`,
    );
    for (const [method, path, body] of settingsRoutes()) {
      expect(await wrongFields(method, path, { ...body, ...wrong })).toEqual(pointers.sort());
    }
  });

  it("take no value of a megabyte", async () => {
    const big = "x".repeat(200_000);
    for (const field of ["name", "smtpServer", "username", "password", "fromEmail", "fromName", "ehloName"]) {
      for (const [method, path, body] of settingsRoutes()) {
        expect(await wrongFields(method, path, { ...body, [field]: big })).toEqual([`/${field}`]);
      }
    }
    const body = JSON.stringify(settingsFor(nowhere, { name: "x".repeat(1_000_000) }));
    const response = send("/api/smtp-configs", { method: "POST", headers: json, body });
    expect(await problemOf(response)).toMatchObject({ status: 413, code: "request.too_large" });
  });

  it("are not what a prototype says", async () => {
    const body = `{"__proto__":{"smtpServer":"relay.invalid"},"smtpPort":25,"fromEmail":"shop@example.com"}`;
    const response = send("/api/smtp-configs", { method: "POST", headers: json, body });
    expect(await problemOf(response)).toMatchObject({ status: 400, code: "input.invalid" });
  });
});

describe("an email", () => {
  it.each(Object.entries(hostile))("takes no %s where a header could grow from it", async (kind, text) => {
    const before = await everything();
    const address = `${text}@example.com`;
    // No text may hold a NUL; all else is wrong with a mailbox as a whole.
    const name = kind === "NUL" ? "/name" : "";
    const wrong: [object, string][] = [
      [{ to: address }, "/to"],
      [{ to: ["jo@example.com", address] }, "/to/1"],
      [{ to: { name: text, address: "jo@example.com" } }, `/to${name}`],
      [{ cc: address }, "/cc"],
      [{ bcc: [address] }, "/bcc/0"],
      [{ from: { name: text, address: "shop@example.com" } }, `/from${name}`],
      [{ replyTo: address }, "/replyTo"],
      [{ subject: text }, "/subject"],
      [{ headers: { "X-Order": text } }, "/headers/X-Order"],
      [{ tags: [text] }, "/tags/0"],
      [{ attachments: [{ filename: text, content: "" }] }, "/attachments/0/filename"],
      [{ attachments: [{ filename: "a", content: "", contentType: text }] }, "/attachments/0/contentType"],
      [{ attachments: [{ filename: "a", content: "", contentId: text }] }, "/attachments/0/contentId"],
    ];
    for (const [fields, pointer] of wrong) {
      expect(await wrongFields("POST", "/api/emails", { ...emailBody, ...fields })).toEqual([pointer]);
    }
    const response = send("/api/emails", {
      method: "POST",
      headers: json,
      body: JSON.stringify({ ...emailBody, headers: { [`X-${text}`]: "1" } }),
    });
    expect((await problemOf(response)).status).toBe(400);
    expect(await everything()).toEqual(before);
  });

  it("names every wrong field at once", async () => {
    const wrong = {
      to: "nobody",
      cc: [7],
      subject: 1,
      text: null,
      priority: "urgent",
      tags: "list",
      scheduledAt: "tomorrow",
      sensitive: "yes",
      onUnknown: "shrug",
      attachments: {},
      colour: "red",
    };
    const pointers = await wrongFields("POST", "/api/emails", wrong);
    expect(pointers.map((pointer) => pointer.split("/")[1])).toEqual(Object.keys(wrong).sort());
  });

  it.each([
    ["one letter", "x".repeat(1_000_000)],
    ["ats", "a@".repeat(500_000)],
    ["brackets", "<".repeat(1_000_000)],
    ["comments", `${"(".repeat(500_000)}${")".repeat(500_000)}@example.com`],
    ["quotes", `"${'\\"'.repeat(500_000)}"@example.com`],
    ["dots", `jo@${"a.".repeat(500_000)}com`],
    ["blanks", `x${" ".repeat(1_000_000)}x`],
  ])("with a megabyte of %s for an address is refused soon, and not repeated", async (_what, long) => {
    for (const to of [long, { name: long, address: "jo@example.com" }, { name: "Jo", address: long }]) {
      const begun = performance.now();
      const { status } = await problemOf(
        send("/api/emails", { method: "POST", headers: json, body: JSON.stringify({ ...emailBody, to }) }),
      );
      expect(status).toBe(400);
      expect(performance.now() - begun).toBeLessThan(5_000);
    }
  });

  it("nested a hundred thousand deep is refused, and the service goes on", async () => {
    const depth = 100_000;
    for (const value of [
      "[".repeat(depth) + "]".repeat(depth),
      `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`,
    ]) {
      for (const body of [
        `{"to":"jo@example.com","template":"order-notification","data":{"name":${value}}}`,
        `{"to":${value},"subject":"x","text":"x"}`,
        value,
      ]) {
        const problem = await problemOf(send("/api/emails", { method: "POST", headers: json, body }));
        expect(problem.status).toBe(400);
      }
    }
    expect((await service.call("GET", "/api/health")).status).toBe(200);
  });

  it("larger than any relay takes is refused", async () => {
    const text = "x".repeat(26_000_000);
    const whole = send("/api/emails", {
      method: "POST",
      headers: json,
      body: JSON.stringify({ ...emailBody, text }),
    });
    expect((await problemOf(whole)).status).toBe(413);
    // Without a Content-Length it is counted as it comes.
    const stream = new ReadableStream({
      start(controller) {
        const chunk = new TextEncoder().encode("x".repeat(1_000_000));
        for (let count = 0; count < 45; count++) controller.enqueue(chunk);
        controller.close();
      },
    });
    const chunked = send("/api/emails", { method: "POST", headers: json, body: stream, duplex: "half" });
    expect(await problemOf(chunked)).toMatchObject({ status: 413, code: "request.too_large" });
  });
});

describe("a body", () => {
  const posts = ["/api/smtp-configs", "/api/smtp-configs/test", "/api/emails", "/api/api-keys"];

  it.each<[string, string | Uint8Array<ArrayBuffer>]>([
    ["cut off", '{"to":'],
    ["empty", ""],
    ["of text", "hello"],
    ["of a lone NUL", "\0"],
    ["of invalid UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
    ["of XML", "<a/>"],
  ])("%s is malformed", async (_what, body) => {
    for (const path of posts) {
      const problem = await problemOf(send(path, { method: "POST", headers: json, body }));
      expect(problem).toMatchObject({ status: 400, code: "request.malformed" });
    }
  });

  it.each(["null", "[]", "1", '"text"', "true"])("that is %s is no object", async (body) => {
    for (const path of posts) {
      const problem = await problemOf(send(path, { method: "POST", headers: json, body }));
      expect(problem).toMatchObject({ status: 400, code: "input.invalid" });
    }
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
  ])("of the type %s is refused, however it reads", async (type) => {
    for (const path of [...posts, `/api/smtp-configs/${configId}/test`]) {
      const headers = { ...bearer, "content-type": type };
      const problem = await problemOf(
        send(path, { method: "POST", headers, body: JSON.stringify(emailBody) }),
      );
      expect(problem).toMatchObject({ status: 415, code: "request.unsupported_type" });
    }
  });

  it("may be missing where it is optional, whether or not its type is named", async () => {
    for (const headers of [bearer, json]) {
      const response = await send(`/api/smtp-configs/${configId}/test`, { method: "POST", headers });
      expect(response.status).toBe(200);
    }
  });
});

describe("who may", () => {
  interface Operation {
    readonly method: string;
    readonly path: string;
    readonly open: boolean;
  }

  async function operations(): Promise<Operation[]> {
    interface Document {
      readonly paths: Record<string, Record<string, { readonly security?: readonly unknown[] }>>;
    }
    const { body } = await service.call<Document>("GET", "/api/openapi.json");
    const found = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security = [] }]) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{.+?\}/g, configId),
        open: security.length === 0,
      })),
    );
    expect(found.length).toBeGreaterThan(20);
    return found;
  }

  it("do nothing without a key: each route of the document that is not open says 401", async () => {
    for (const { method, path, open } of await operations()) {
      for (const headers of [
        {},
        { authorization: "Bearer wrong" },
        { cookie: "sendwright.session_token=forged" },
      ]) {
        if (open) continue;
        const response = await send(path, { method, headers });
        expect([method, path, response.status]).toEqual([method, path, 401]);
        expect(response.headers.get("www-authenticate")).toBe("Bearer");
        await response.body?.cancel();
      }
    }
  });

  it("send emails and read their own, with a key to send, and nothing else", async () => {
    const { body: key } = await service.call<NewApiKey>("POST", "/api/api-keys", {
      name: "shop",
      scope: "send",
    });
    const { body: other } = await service.call<NewApiKey>("POST", "/api/api-keys", {
      name: "blog",
      scope: "send",
    });
    const as = ({ key: token }: NewApiKey) => ({
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    });
    const posted = await send("/api/emails", {
      method: "POST",
      headers: as(key),
      body: JSON.stringify(emailBody),
    });
    expect(posted.status).toBe(202);
    const { id } = (await posted.json()) as { id: string };
    const statusFor = async (who: NewApiKey, method: string, path: string) => {
      const response = await send(path, { method, headers: as(who) });
      await response.body?.cancel();
      return response.status;
    };
    for (const path of [`/api/emails/${id}`, `/api/emails/${id}/source`, `/api/emails/${id}/preview`]) {
      expect([path, await statusFor(key, "GET", path), await statusFor(other, "GET", path)]).toEqual([
        path,
        200,
        404,
      ]);
    }
    expect(await statusFor(other, "POST", `/api/emails/${id}/resend`)).toBe(404);
    expect(await statusFor(key, "GET", "/api/emails/export.csv")).toBe(403);
    const listed = await (await send("/api/emails", { headers: as(other) })).json();
    expect(listed).toEqual({ items: [], next: null });

    const allowed =
      /^(POST \/api\/emails(\/batch|\/[^/]+\/resend)?|GET \/api\/emails.*|GET \/api\/me|(GET|POST) \/api\/templates.*)$/;
    for (const { method, path, open } of await operations()) {
      if (open || allowed.test(`${method} ${path}`)) continue;
      expect([method, path, await statusFor(key, method, path)]).toEqual([method, path, 403]);
    }
    await service.call("DELETE", `/api/api-keys/${key.id}`);
    expect(await statusFor(key, "GET", `/api/emails/${id}`)).toBe(401);
  });

  it("not act from another site, even with an admin's cookie", async () => {
    const signedIn = await send("/api/auth/sign-in/email", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(admin),
    });
    expect(signedIn.status).toBe(200);
    const [setCookie = ""] = signedIn.headers.getSetCookie();
    expect(setCookie).toMatch(/HttpOnly/i);
    expect(setCookie).toMatch(/SameSite=(Lax|Strict)/i);
    const cookie = setCookie.split(";", 1)[0] ?? "";
    const before = await everything();
    const post = (headers: Record<string, string>) =>
      rawRequest(
        "POST",
        "/api/api-keys",
        { cookie, "content-type": "application/json", ...headers },
        JSON.stringify({ name: "x" }),
      );
    const foreign: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: `${service.url}.evil.example` },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "cross-site", origin: service.url },
    ];
    for (const headers of foreign) {
      const { status, body } = await post(headers);
      expect([headers, status, JSON.parse(body).code]).toEqual([headers, 403, "request.cross_site"]);
    }
    expect(await everything()).toEqual(before);
    expect((await post({ origin: service.url, "sec-fetch-site": "same-origin" })).status).toBe(201);
  });
});

describe("methods and paths", () => {
  it("refuses a method that a route does not take, and names those it does", async () => {
    for (const [method, path, allow] of [
      ["PATCH", "/api/smtp-configs", ["GET", "POST"]],
      ["DELETE", "/api/emails", ["GET", "POST"]],
      ["PUT", "/api/me", ["GET"]],
      ["POST", "/api/health", ["GET"]],
    ] as const) {
      const response = await send(path, { method, headers: bearer });
      const allowed = response.headers.get("allow")?.split(", ") ?? [];
      expect(await problemOf(response)).toMatchObject({ status: 405, code: "request.method_not_allowed" });
      expect(allowed.filter((name) => name !== "HEAD" && name !== "OPTIONS")).toEqual(allow);
    }
  });

  it("answers HEAD as GET without a body, and opens no door with OPTIONS", async () => {
    for (const path of ["/api/health", "/api/smtp-configs", "/settings/smtp"]) {
      const head = await send(path, { method: "HEAD", headers: bearer });
      expect([path, head.status, await head.text()]).toEqual([path, 200, ""]);
      const options = await send(path, { method: "OPTIONS", headers: { origin: "https://evil.example" } });
      expect(options.status).toBeLessThan(500);
      expect(options.headers.get("access-control-allow-origin")).toBeNull();
      await options.body?.cancel();
    }
  });

  it.each([
    "/%ff",
    "/api/%00",
    "/api/emails/%ff",
    "/api/smtp-configs/..%2f..%2f",
    "/..%2f..%2fetc%2fpasswd",
    "/assets/..%2f..%2f..%2fpackage.json",
    "//evil.example/",
    "/api/emails?limit=0",
    "/api/emails?limit=1e9",
    "/api/emails?state=nonsense",
    "/api/emails?after=%00&q=%25_%27%22",
    `/api/emails?q=${"x".repeat(10_000)}`,
    "/api/emails?colour=red",
  ])("has an answer to GET %s", async (path) => {
    const { status, body } = await rawRequest("GET", path, bearer);
    expect(status).toBeLessThan(500);
    expect(body).not.toContain("root:");
    expect(body).not.toContain('"devDependencies"');
  });

  it("has no unforeseen failure behind it by now", () => {
    expect(service.stdout).not.toContain("nobody foresaw");
  });
});

/** A request whose path and headers go as they are, which fetch would not do. */
async function rawRequest(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = "",
): Promise<{ status: number; body: string }> {
  const { host, port, hostname } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries({
    host,
    connection: "close",
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  });
  socket.write(
    `${method} ${path} HTTP/1.1\r\n${lines.map((line) => line.join(": ")).join("\r\n")}\r\n\r\n${body}`,
  );
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await once(socket, "close");
  return { status: Number(text.split(" ")[1]), body: text.slice(text.indexOf("\r\n\r\n") + 4) };
}
