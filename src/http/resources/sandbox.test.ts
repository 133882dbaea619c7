import { afterEach, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import type { Problem } from "../schema/common.ts";
import type { SandboxEmail, SandboxEmailSummary } from "../schema/sandbox.ts";

let app: TestApp;
afterEach(() => app.close());

const list = () => read<{ items: SandboxEmailSummary[] }>(app.call("GET", "/api/sandbox/emails"));

it("shows what the sandbox caught, and forgets it on demand", async () => {
  app = await openApp({ sandboxPort: 0 });
  const smtpPort = app.services.sandbox?.port;
  const draft = { smtpServer: "127.0.0.1", smtpPort, useTls: false, fromEmail: "app@example.com" };
  await app.call("POST", "/api/smtp-configs/test", { ...draft, sendTo: "jo@example.com" });

  const { items } = await list();
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ from: "app@example.com", to: ["jo@example.com"] });
  const path = `/api/sandbox/emails/${items[0]?.id}`;
  const caught = await read<SandboxEmail>(app.call("GET", path));
  expect(caught).toMatchObject({ ...items[0], attachments: [] });
  const source = await app.call("GET", `${path}/source`);
  expect(source.headers.get("content-type")).toBe("message/rfc822");
  expect((await source.arrayBuffer()).byteLength).toBe(caught.sizeBytes);

  expect((await app.call("DELETE", "/api/sandbox/emails")).status).toBe(204);
  expect((await list()).items).toEqual([]);
  for (const gone of [path, `${path}/source`]) expect((await app.call("GET", gone)).status).toBe(404);
});

it("says how to have a sandbox where there is none", async () => {
  app = await openApp();
  const response = await app.call("GET", "/api/sandbox/emails");
  expect(response.status).toBe(503);
  expect(await read<Problem>(response)).toMatchObject({ code: "sandbox.unavailable" });
});
