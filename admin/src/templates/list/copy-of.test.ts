import { expect, test } from "vitest";
import type { TemplateDetail } from "../../api/types.ts";
import { copyOf } from "./copy-of.ts";

const builtIn: TemplateDetail = {
  name: "sign-in-code",
  description: "A code for signing in",
  sensitive: true,
  expiresAfterMs: 900_000,
  schema: {
    type: "object",
    properties: {
      code: { type: "string", pattern: "^[A-Z0-9](?:[ -]?[A-Z0-9]){3,15}$" },
      order: { type: "string", pattern: "^[0-9]+$" },
      pattern: { type: "string" },
    },
  },
  example: { code: "481902" },
  locales: ["en"],
  isBuiltIn: true,
  isEdited: false,
  version: 0,
  sources: {
    en: { subject: "Your code", preheader: null, mjml: "<mj-text>{{ code }}</mj-text>", text: null },
  },
  updatedAt: null,
  updatedBy: null,
};

test("copies what a template of one's own may have", () => {
  const { sensitive, expiresAfterMs, example, sources } = builtIn;
  expect(copyOf(builtIn)).toEqual({
    sensitive,
    expiresAfterMs,
    example,
    sources,
    schema: {
      type: "object",
      properties: {
        code: { type: "string" },
        order: { type: "string", pattern: "^[0-9]+$" },
        pattern: { type: "string" },
      },
    },
  });
});
