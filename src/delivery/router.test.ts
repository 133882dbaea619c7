import { describe, expect, it } from "vitest";
import { type Availability, type RoutedConfig, type RoutedEmail, routeOf, sendsAsItself } from "./router.ts";

function config(id: string, fromEmail: string, given: Partial<RoutedConfig> = {}): RoutedConfig {
  return {
    id,
    name: id.toUpperCase(),
    fromEmail,
    senders: [],
    isSandbox: false,
    refusal: `${id}:1`,
    ...given,
  };
}

const a = config("a", "hi@a.example");
const b = config("b", "hi@b.example", { senders: ["news@b.example", "@c.example"] });
const c = config("c", "hi@c.example");
const sandbox = config("sandbox", "dev@localhost.test", { isSandbox: true });

const paused: Availability = { state: "unavailable", because: "paused", until: 5_000 };
const limited: Availability = { state: "unavailable", because: "limit", until: 9_000 };

interface Given {
  readonly from?: string;
  readonly via?: RoutedEmail["via"];
  readonly refusedBy?: readonly string[];
}

function email({ from, via = null, refusedBy = [] }: Given): RoutedEmail {
  return { from: from === undefined ? null : { name: null, address: from }, via, refusedBy };
}

function route(given: Given, configs: readonly RoutedConfig[], states: Record<string, Availability> = {}) {
  return routeOf(email(given), configs, ({ id }) => states[id] ?? { state: "available" });
}

const send = (configId: string, by: object) => ({ kind: "send", configId, route: by });
const standIn = (configId: string, because: string, home = "A") =>
  send(configId, { by: "stand-in", for: home, because });

describe("the way of an email", () => {
  const all = [a, b, c];
  const named = (configId: string, fallback = false) => ({ configId, fallback });
  it.each<[string, Given, Record<string, Availability>, object]>([
    ["without a sender: the first", {}, {}, send("a", { by: "first" })],
    ["of nobody's sender: the first", { from: "x@nobody.example" }, {}, send("a", { by: "first" })],
    ["whose sender is a config's own", { from: "hi@b.example" }, {}, send("b", { by: "sender" })],
    ["in another case", { from: "Hi@B.example" }, {}, send("b", { by: "sender" })],
    ["whose sender is among a config's", { from: "news@b.example" }, {}, send("b", { by: "sender" })],
    ["of a domain that a config has", { from: "x@c.example" }, {}, send("b", { by: "sender" })],
    ["of a domain below it: nobody's", { from: "x@sub.c.example" }, {}, send("a", { by: "first" })],
    [
      "whose own config comes before one with the domain",
      { from: "hi@c.example" },
      {},
      send("c", { by: "sender" }),
    ],
    ["that names a config", { via: named("c") }, {}, send("c", { by: "named" })],
    [
      "that names one, whoever has the sender",
      { from: "hi@b.example", via: named("c") },
      {},
      send("c", { by: "named" }),
    ],
    [
      "that names one which is paused: it waits",
      { via: named("c") },
      { c: paused },
      { kind: "wait", configId: "c", until: 5_000 },
    ],
    [
      "that may fall back: the owner",
      { from: "hi@b.example", via: named("c", true) },
      { c: paused },
      send("b", { by: "sender" }),
    ],
    [
      "that may fall back: who shares the sender",
      { via: named("c", true) },
      { c: paused },
      send("b", { by: "sender" }),
    ],
    ["that names one which is gone", { via: named("gone") }, {}, { kind: "stuck", because: "none-on" }],
    [
      "that may fall back from one that is gone",
      { via: named("gone", true) },
      {},
      send("a", { by: "first" }),
    ],
    ["whose config is paused: the next", {}, { a: paused }, standIn("b", "paused")],
    ["whose config is at its limit: the next", {}, { a: limited }, standIn("b", "limit")],
    [
      "whose owner is paused: another owner",
      { from: "hi@c.example" },
      { c: paused },
      send("b", { by: "sender" }),
    ],
    [
      "whose owners are paused: the first",
      { from: "hi@c.example" },
      { c: paused, b: paused },
      standIn("a", "paused", "C"),
    ],
    ["that its config has refused: the next", { refusedBy: ["a:1"] }, {}, standIn("b", "refused")],
    ["that two have refused", { refusedBy: ["a:1", "b:1"] }, {}, standIn("c", "refused")],
    [
      "that all have refused",
      { refusedBy: ["a:1", "b:1", "c:1"] },
      {},
      { kind: "stuck", because: "all-refused" },
    ],
    [
      "that waits for whichever can be used first",
      {},
      { a: limited, b: paused, c: limited },
      { kind: "wait", configId: "b", until: 5_000 },
    ],
    [
      "that was refused by an earlier version of a config",
      { refusedBy: ["a:0"] },
      {},
      send("a", { by: "first" }),
    ],
  ])("%s", (_title, given, states, expected) => {
    expect(route(given, all, states)).toEqual(expected);
  });

  it("ends where no config is on", () => {
    expect(route({}, [])).toEqual({ kind: "stuck", because: "none-on" });
  });
});

describe("the sandbox", () => {
  it("never stands in", () => {
    expect(route({}, [a, sandbox], { a: paused })).toEqual({ kind: "wait", configId: "a", until: 5_000 });
    expect(route({ refusedBy: ["a:1"] }, [a, sandbox])).toEqual({ kind: "stuck", because: "all-refused" });
  });

  it("takes what is its own, what names it, and everything that is nobody's while it is the first", () => {
    expect(route({ from: "dev@localhost.test" }, [a, sandbox])).toEqual(send("sandbox", { by: "sender" }));
    const via = { configId: "sandbox", fallback: false };
    expect(route({ via }, [a, sandbox])).toEqual(send("sandbox", { by: "named" }));
    expect(route({}, [sandbox, a])).toEqual(send("sandbox", { by: "first" }));
    expect(route({ from: "x@nobody.example" }, [sandbox, a])).toEqual(send("sandbox", { by: "first" }));
  });

  it("keeps what is its own: real recipients get nothing that was meant for it", () => {
    expect(route({}, [sandbox, a], { sandbox: paused })).toMatchObject({ kind: "wait", configId: "sandbox" });
    expect(route({ from: "hi@a.example" }, [sandbox, a])).toEqual(send("a", { by: "sender" }));
  });
});

describe("a config", () => {
  it.each<[string, Given, RoutedConfig, boolean]>([
    ["sends its own sender", {}, a, true],
    ["sends a sender that is nobody's, as the first", { from: "x@nobody.example" }, a, true],
    ["does not send that in place of the first", { from: "x@nobody.example" }, b, false],
    ["does not send the sender of another one", { from: "hi@a.example" }, b, false],
    ["sends a sender that it shares", { from: "hi@c.example" }, b, true],
    [
      "sends any sender if it was named",
      { from: "hi@a.example", via: { configId: "c", fallback: false } },
      c,
      true,
    ],
  ])("%s", (_title, given, by, expected) => {
    expect(sendsAsItself(email(given), by, [a, b, c])).toBe(expected);
  });
});
