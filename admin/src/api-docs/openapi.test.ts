import { describe, expect, test } from "vitest";
import { curlOf, type OpenApiDocument, routesOf } from "./openapi.ts";

const document: OpenApiDocument = {
  info: { title: "Test" },
  paths: {
    "/api/things/{id}": {
      put: {
        summary: "Replace a thing",
        security: [{ apiKey: [] }],
        parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
        requestBody: {
          required: true,
          content: { "application/json": { schema: { type: "object", example: { name: "it's" } } } },
        },
        responses: {
          200: {
            description: "The thing",
            content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } },
          },
          default: { description: "Problem" },
        },
      },
    },
    "/metrics": { get: { responses: {} } },
  },
  components: {
    schemas: {
      Thing: {
        type: "object",
        properties: {
          name: { type: "string", description: "Its name" },
          size: { type: "integer", minimum: 1, maximum: 9, default: 3 },
        },
        required: ["name"],
      },
    },
  },
};

describe("the routes of a document", () => {
  const [put, metrics] = routesOf(document);

  test("are told with parameters, body and answers", () => {
    expect(put).toMatchObject({ id: "put /api/things/{id}", group: "things", method: "PUT", needsKey: true });
    expect(put?.parameters).toEqual([
      { name: "id", type: "string", isRequired: true, description: null, fallback: null },
    ]);
    expect(put?.answers).toHaveLength(1);
    expect(put?.answers[0]?.fields.map(({ name }) => name)).toEqual(["name", "size"]);
  });

  test("have no group outside the API", () => {
    expect(metrics?.group).toBe("");
  });

  test("become a request for a terminal, with quotes escaped", () => {
    expect(put && curlOf(put, "http://localhost")).toBe(
      [
        "curl -X PUT http://localhost/api/things/{id} \\",
        '  -H "Authorization: Bearer YOUR_API_KEY" \\',
        '  -H "Content-Type: application/json" \\',
        String.raw`  -d '{"name":"it'\''s"}'`,
      ].join("\n"),
    );
  });
});
