import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../test/support/open-app.ts";
import { requestSchema } from "../http/json-schema.ts";
import type { Problem } from "../http/schema/common.ts";
import { emailRequest } from "./request.ts";
import { unsendableTexts } from "./unsendable-texts.ts";

interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

const half = "Hi \ud83d";
const nul = "Hi\0";

/** Each place of a schema where text may stand, with a value that has text there alone. */
function places(schema: Schema, text = half): { readonly pointer: string; readonly value: unknown }[] {
  const found = (schema.anyOf ?? []).flatMap((member) => places(member, text));
  // A schema of anything takes text too.
  if (schema.type === "string" || Object.keys(schema).length === 0) found.push({ pointer: "", value: text });
  for (const { pointer, value } of schema.items === undefined ? [] : places(schema.items, text)) {
    found.push({ pointer: `/0${pointer}`, value: [value] });
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    for (const { pointer, value } of places(property, text)) {
      found.push({ pointer: `/${name}${pointer}`, value: { [name]: value } });
    }
  }
  if (typeof schema.additionalProperties === "object") {
    for (const { pointer, value } of places(schema.additionalProperties, text)) {
      found.push({ pointer: `/x${pointer}`, value: { x: value } });
    }
    found.push({ pointer: "", value: { [text]: "x" } });
  }
  return found;
}

const texts = places(requestSchema(emailRequest) as Schema);
const nulTexts = places(requestSchema(emailRequest) as Schema, nul);

let app: TestApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

describe("a text that no message can hold", () => {
  it("is looked for in every field", () => {
    const pointers = texts.map(({ pointer }) => pointer);
    expect(pointers).toEqual(
      expect.arrayContaining([
        "/to",
        "/cc/0/name",
        "/from/address",
        "/subject",
        "/html",
        "/text",
        "/template",
        "/data/x",
        "/data",
        "/headers/x",
        "/headers",
        "/attachments/0/filename",
        "/calendar/content",
        "/tags/0",
      ]),
    );
  });

  it.each([
    ...texts.map((place) => ({ ...place, what: "half a character" })),
    ...nulTexts.map((place) => ({ ...place, what: "NUL" })),
  ])(
    "$what is refused in $pointer, by one message that names the field",
    async ({ pointer, value, what }) => {
      const valid = { to: "jo@example.com", subject: "Hello", text: "Hi" };
      const body = { ...valid, ...(value as object) };
      const response = await app.call("POST", "/api/emails", body);
      expect(response.status).toBe(400);
      const { errors } = await read<Problem>(response);
      const about = (errors ?? []).filter(
        (issue) => issue.pointer !== "" && `${pointer}/`.startsWith(`${issue.pointer}/`),
      );
      expect(about).toEqual([{ pointer, detail: expect.stringContaining(what) }]);
    },
  );

  it("is found deep in the data of a template", () => {
    const input = { data: { items: [{ name: "a" }, { "na/me": "\udc00" }] } };
    expect(unsendableTexts(input).map(({ pointer }) => pointer)).toEqual(["/data/items/1/na~1me"]);
  });

  it("is none in whole characters, nor in bytes", () => {
    expect(unsendableTexts({ text: "🎺", attachments: [{ content: new Uint8Array([0xd8, 0x3d]) }] })).toEqual(
      [],
    );
  });
});
