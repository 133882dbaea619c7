import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { isSendwrightError } from "../core/errors.ts";
import { passwordMask } from "../core/model.ts";
import { parse } from "../core/parse.ts";
import { makeAuthority } from "../testing/certificates.ts";
import {
  smtpConfigCreate,
  smtpConfigDraft,
  smtpConfigEdited,
  smtpConfigTest,
  smtpConfigUpdate,
} from "./settings.ts";

const least = { smtpServer: "smtp.example.com", smtpPort: 587, fromEmail: "shop@example.com" };
const saved = { ...least, password: null, version: 1 };

function wrongFields(schema: z.ZodType, input: unknown): string[] {
  try {
    parse(schema, input);
    return [];
  } catch (error) {
    if (isSendwrightError(error, "input.invalid")) return error.issues.map((issue) => issue.pointer).sort();
    throw error;
  }
}

test("senders are addresses and domains in lower case, each once", () => {
  const senders = ["News@Example.com", "@SHOP.example", "news@example.com", "@müller.example"];
  expect(parse(smtpConfigCreate, { ...least, senders }).senders).toEqual([
    "news@example.com",
    "@shop.example",
    "@xn--mller-kva.example",
  ]);
  for (const wrong of ["", "@", "shop.example", "*@shop.example.", "a b@shop.example", "@two@shop.example"]) {
    expect(wrongFields(smtpConfigCreate, { ...least, senders: ["@shop.example", wrong] })).toEqual([
      "/senders/1",
    ]);
  }
});

test("a config needs server, port and sender, and has defaults for the rest", () => {
  expect(parse(smtpConfigCreate, least)).toEqual({
    ...least,
    name: null,
    enabled: true,
    useTls: true,
    tlsMode: "auto",
    username: null,
    password: null,
    authMethod: "auto",
    allowCleartextAuth: false,
    fromName: null,
    replyTo: null,
    ehloName: null,
    caPem: null,
    maxConnections: 5,
    maxPerSecond: null,
    maxPerMinute: null,
    maxPerHour: null,
    maxPerDay: null,
    maxRecipientsPerDay: null,
    senders: [],
    bcc: null,
  });
  expect(wrongFields(smtpConfigCreate, {})).toEqual(["/fromEmail", "/smtpPort", "/smtpServer"]);
  expect(wrongFields(smtpConfigUpdate, {})).toEqual([
    "/fromEmail",
    "/password",
    "/smtpPort",
    "/smtpServer",
    "/version",
  ]);
});

test.each<z.ZodType>([smtpConfigCreate, smtpConfigDraft, smtpConfigUpdate, smtpConfigEdited])(
  "a username is kept without the blanks around it, and a password as it is",
  (schema) => {
    const password = " pass\u00a0word ";
    const isNew = schema === smtpConfigCreate || schema === smtpConfigDraft;
    const parsed = parse(schema, {
      ...(isNew ? least : saved),
      username: "\ufeff jo@example.com\u00a0 ",
      password,
    });
    expect(parsed).toMatchObject({ username: "jo@example.com" });
    expect(JSON.stringify(parsed)).toContain(password);
    expect(parse(smtpConfigCreate, { ...least, username: "  " }).username).toBeNull();
  },
);

test("every wrong field is named at once", () => {
  const input = {
    name: "a\nb",
    position: -1,
    enabled: "yes",
    smtpServer: "https://x",
    smtpPort: "25abc",
    useTls: 1,
    tlsMode: "ssl",
    username: 5,
    authMethod: "cram-md5",
    allowCleartextAuth: null,
    fromEmail: "nobody",
    fromName: "a\r\nBcc: b@example.com",
    replyTo: "@",
    ehloName: "a b",
    caPem: "no certificate",
    maxConnections: 0,
    maxPerSecond: 0.5,
    password: "a\0b",
    extra: true,
  };
  const everything = Object.keys(input)
    .map((name) => `/${name}`)
    .sort();
  expect(wrongFields(smtpConfigCreate, input)).toEqual(everything);
  expect(wrongFields(smtpConfigUpdate, { ...input, version: 0 })).toEqual([...everything, "/version"].sort());
});

test.each([null, "text", 5, []])("%j is no config", (input) => {
  expect(wrongFields(smtpConfigCreate, input)).toEqual([""]);
  expect(wrongFields(smtpConfigUpdate, input)).toEqual([""]);
});

describe("a port", () => {
  test.each([1, 25, 465, 587, 65_535])("may be %j", (smtpPort) => {
    expect(parse(smtpConfigCreate, { ...least, smtpPort }).smtpPort).toBe(smtpPort);
  });

  test.each([0, -1, 65_536, 25.5, "25", "25abc", null, Number.NaN, true, [25]])("is not %j", (smtpPort) => {
    expect(wrongFields(smtpConfigCreate, { ...least, smtpPort })).toEqual(["/smtpPort"]);
  });
});

describe("text", () => {
  const names = [
    "name",
    "smtpServer",
    "username",
    "password",
    "fromEmail",
    "fromName",
    "replyTo",
    "ehloName",
  ];
  const cases = names.flatMap((name) => ["\r", "\n", "\0"].map((character) => [name, character] as const));

  test.each(cases)("in %s does not hold %j", (name, character) => {
    for (const text of [`a${character}`, `a@example.com${character}`, `${character}example.com`]) {
      const input = { ...least, username: "jo", [name]: text };
      expect(wrongFields(smtpConfigCreate, input)).toEqual([`/${name}`]);
    }
  });

  test("does not hold half a character", () => {
    const input = { ...least, username: "\ud800", password: "\udc00" };
    expect(wrongFields(smtpConfigCreate, input)).toEqual(["/password", "/username"]);
  });

  test("may be empty or null where it is optional", () => {
    const optional = ["name", "username", "fromName", "replyTo", "ehloName", "caPem"];
    for (const value of ["", null]) {
      const input = { ...least, ...Object.fromEntries(optional.map((name) => [name, value])) };
      expect(parse(smtpConfigCreate, input)).toEqual(parse(smtpConfigCreate, least));
    }
  });
});

test("addresses take their one form", () => {
  const input = { ...least, fromEmail: "Shop@Bücher.Example", replyTo: "Jo@EXAMPLE.com" };
  const { fromEmail, replyTo } = parse(smtpConfigCreate, input);
  expect([fromEmail, replyTo]).toEqual(["Shop@xn--bcher-kva.example", "Jo@example.com"]);
});

describe("the password", () => {
  const withUser = { ...least, username: "jo" };
  const change = (password: unknown) =>
    parse(smtpConfigUpdate, { ...saved, username: "jo", password }).password;

  test("of a new config is set, or left out in any way", () => {
    expect(parse(smtpConfigCreate, { ...withUser, password: " pa ss " }).password).toBe(" pa ss ");
    for (const password of [undefined, null, ""]) {
      expect(parse(smtpConfigCreate, { ...withUser, password }).password).toBeNull();
    }
  });

  test("of a new config is not the mask", () => {
    for (const schema of [smtpConfigCreate, smtpConfigDraft]) {
      expect(wrongFields(schema, { ...withUser, password: passwordMask })).toEqual(["/password"]);
    }
  });

  test("is kept by the mask, removed by null, and set by other text", () => {
    expect(change("********")).toEqual({ kind: "keep" });
    expect(change(null)).toEqual({ kind: "remove" });
    expect(change("*******")).toEqual({ kind: "set", password: "*******" });
  });

  test.each([undefined, "", 5, false, "a\nb"])("is not changed to %j", (password) => {
    for (const schema of [smtpConfigUpdate, smtpConfigEdited]) {
      expect(wrongFields(schema, { ...saved, username: "jo", password })).toEqual(["/password"]);
    }
  });

  test("needs a username", () => {
    expect(wrongFields(smtpConfigCreate, { ...least, password: "x" })).toEqual(["/password"]);
    expect(wrongFields(smtpConfigUpdate, { ...saved, password: "x" })).toEqual(["/password"]);
    expect(wrongFields(smtpConfigUpdate, { ...saved, smtpPort: 0, password: "x" })).toEqual([
      "/password",
      "/smtpPort",
    ]);
  });
});

test("what GET adds may be sent back, and is ignored", () => {
  const added = {
    id: "someone else's",
    createdAt: 5,
    updatedAt: "x",
    updatedBy: null,
    lastTest: {},
    pausedUntil: "",
    pausedReason: [],
    problem: {},
  };
  expect(parse(smtpConfigUpdate, { ...saved, ...added })).toEqual(parse(smtpConfigUpdate, saved));
  expect(wrongFields(smtpConfigCreate, { ...least, id: "x" })).toEqual(["/id"]);
});

test("a test may name to whom it sends, and needs no version", () => {
  const sendTo = "jo@example.com";
  expect(parse(smtpConfigTest, {}).sendTo).toBeNull();
  expect(parse(smtpConfigDraft, { ...least, sendTo }).sendTo).toBe(sendTo);
  expect(parse(smtpConfigEdited, { ...least, password: null, sendTo }).sendTo).toBe(sendTo);
  expect(wrongFields(smtpConfigTest, { sendTo: "jo" })).toEqual(["/sendTo"]);
});

describe("trusted certificates", () => {
  const [one, two] = [makeAuthority(), makeAuthority()];

  test("are kept without what stands around them", () => {
    const caPem = `# ours\r\n${one.caPem.replaceAll("\n", "\r\n")}\n\nsubject=CN\n${two.caPem}`;
    const kept = parse(smtpConfigCreate, { ...least, caPem }).caPem ?? "";
    expect(kept).not.toContain("\r");
    expect(kept.match(/-----BEGIN CERTIFICATE-----/g)).toHaveLength(2);
    expect(parse(smtpConfigCreate, { ...least, caPem: kept }).caPem).toBe(kept);
  });

  test.each([
    ["a private key", () => makePrivateKey()],
    ["a certificate with its private key", () => `${one.caPem}\n${makePrivateKey()}`],
    ["a damaged certificate", () => one.caPem.replace("MI", "XX")],
    ["one good and one damaged certificate", () => one.caPem + two.caPem.replace("MI", "XX")],
  ])("are not %s", (_what, pem) => {
    expect(wrongFields(smtpConfigCreate, { ...least, caPem: pem() })).toEqual(["/caPem"]);
  });

  function makePrivateKey(): string {
    return "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n";
  }
});
