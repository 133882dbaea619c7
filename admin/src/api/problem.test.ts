import { describe, expect, test } from "vitest";
import { ApiProblem, problemOf, sortProblems } from "./problem.ts";

describe("a problem", () => {
  test("keeps code, detail and errors of an RFC 9457 body", async () => {
    const problem = await problemOf(
      Response.json(
        {
          type: "about:blank",
          title: "Invalid input",
          status: 400,
          code: "input.invalid",
          detail: "Two fields are wrong.",
          errors: [{ pointer: "/smtpPort", detail: "must be 1 to 65535" }],
        },
        { status: 400 },
      ),
    );
    expect(problem).toBeInstanceOf(ApiProblem);
    expect(problem).toMatchObject({ status: 400, code: "input.invalid", message: "Two fields are wrong." });
    expect(problem.errors).toEqual([{ pointer: "/smtpPort", detail: "must be 1 to 65535" }]);
  });

  test("is made up when a proxy answers with a page", async () => {
    const problem = await problemOf(new Response("<h1>Bad gateway</h1>", { status: 502 }));
    expect(problem).toMatchObject({
      status: 502,
      code: "http.502",
      message: "The server responded with status 502",
    });
  });

  test("takes the message of a sign-in refusal", async () => {
    const body = { code: "INVALID_EMAIL_OR_PASSWORD", message: "Invalid email or password" };
    const problem = await problemOf(Response.json(body, { status: 401 }));
    expect(problem).toMatchObject({
      code: "INVALID_EMAIL_OR_PASSWORD",
      message: "Invalid email or password",
    });
  });
});

describe("sorting a problem's errors", () => {
  const known = ["smtpServer", "smtpPort", "a/b"] as const;

  test("puts each beside its field and joins several of one", () => {
    const { fields, rest } = sortProblems(
      [
        { pointer: "/smtpServer", detail: "has a space" },
        { pointer: "/smtpPort", detail: "must be a number" },
        { pointer: "/smtpServer", detail: "is too long" },
      ],
      known,
    );
    expect(fields).toEqual({ smtpServer: "has a space; is too long", smtpPort: "must be a number" });
    expect(rest).toEqual([]);
  });

  test("names what the form does not show", () => {
    const { fields, rest } = sortProblems(
      [
        { pointer: "/color", detail: "unknown field" },
        { pointer: "", detail: "must be an object" },
      ],
      known,
    );
    expect(fields).toEqual({});
    expect(rest).toEqual(["color: unknown field", "must be an object"]);
  });

  test("unescapes a pointer and counts what is below a field as that field", () => {
    expect(sortProblems([{ pointer: "/a~1b/0", detail: "no" }], known).fields).toEqual({ "a/b": "no" });
  });
});

test("a value that was entered does not begin a fault, because what begins one gets a capital", () => {
  const errors = [{ pointer: "/senders/1", detail: '"nobody" is not a valid email address: it has no @' }];
  expect(sortProblems(errors, ["senders"]).fields).toEqual({
    senders: 'the value "nobody" is not a valid email address: it has no @',
  });
});
