import { afterAll, beforeAll, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import type { Problem } from "../schema/common.ts";
import type { TemplateInfo, TemplatePreview } from "../schema/templates.ts";

let app: TestApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

it("lists the templates with the schema of their data and an example", async () => {
  const { items } = await read<{ items: TemplateInfo[] }>(app.call("GET", "/api/templates"));
  expect(items.map(({ name }) => name)).toEqual([
    "password-reset",
    "order-notification",
    "email-verification",
    "sign-in-code",
    "new-sign-in",
    "test-email",
    "delivery-failure",
    "config-alert",
  ]);
  for (const template of items) {
    expect(template.schema).toMatchObject({ type: "object" });
    expect(await read(app.call("GET", `/api/templates/${template.name}`))).toMatchObject(template);
  }
});

it("renders the example, or the data given", async () => {
  const path = "/api/templates/password-reset/preview";
  const example = await read<TemplatePreview>(app.call("POST", path, {}));
  expect(example.html).toContain("<html");
  const data = { name: "Zoë", url: "https://example.com/reset?code=1" };
  const own = await read<TemplatePreview>(app.call("POST", path, { data, locale: "en" }));
  expect(own.text).toContain("Zoë");
});

it("names the wrong fields of the data and of the request", async () => {
  const path = "/api/templates/password-reset/preview";
  const data = { name: 1, url: "javascript:alert(1)", extra: 1 };
  const { errors = [] } = await read<Problem>(app.call("POST", path, { data }));
  expect(errors.map(({ pointer }) => pointer).sort()).toEqual(["/data/extra", "/data/name", "/data/url"]);
  const unknown = await read<Problem>(app.call("POST", path, { dat: {}, locale: 1 }));
  expect(unknown.errors?.map(({ pointer }) => pointer).sort()).toEqual(["/dat", "/locale"]);
});

it("says which templates there are when one does not exist", async () => {
  const response = await app.call("GET", "/api/templates/nothing");
  expect(response.status).toBe(404);
  expect((await read<Problem>(response)).detail).toContain("password-reset");
});
