import { describe, expect, it } from "vitest";
import { senderFor } from "./sender.ts";

const shop = { fromEmail: "shop@example.com", fromName: "Shop", replyTo: null };
const relay = { fromEmail: "spare@relay.example", fromName: "Spare", replyTo: null };
const first = { settings: shop };
const spare = { settings: relay };
type Home = Parameters<typeof senderFor>[2]["home"];

/** Through the config that the email belongs to, and through one that stands in for it. */
const own = (home: Home = first) => ({ home, standsIn: false });
const standIn = (home: Home = first) => ({ home, standsIn: true });
const plain = { from: null, replyTo: [] };
const jane = { address: "jane@example.com", name: "Jane" };
const desk = { address: "desk@example.com", name: null };

describe("the sender through the config that comes first", () => {
  it("is the config's own where the email names none", () => {
    const from = { address: "shop@example.com", name: "Shop" };
    expect(senderFor(plain, first, own())).toEqual({ from, replyTo: [] });
  });

  it("is the one that the email names", () => {
    expect(senderFor({ ...plain, from: jane }, first, own())).toEqual({ from: jane, replyTo: [] });
  });

  it("gets answers where the email says, else where the config says", () => {
    const config = { settings: { ...shop, replyTo: "desk@example.com" } };
    expect(senderFor(plain, config, own(config)).replyTo).toEqual([desk]);
    expect(senderFor({ from: null, replyTo: [jane] }, config, own(config)).replyTo).toEqual([jane]);
  });
});

describe("the sender through a config that stands in for the first one", () => {
  it("has the address that its relay accepts and the name that was wanted; answers go where they would have gone", () => {
    const wanted = { address: "shop@example.com", name: "Shop" };
    expect(senderFor(plain, spare, standIn())).toEqual({
      from: { address: "spare@relay.example", name: "Shop" },
      replyTo: [wanted],
    });
    expect(senderFor({ ...plain, from: jane }, spare, standIn())).toEqual({
      from: { address: "spare@relay.example", name: "Jane" },
      replyTo: [jane],
    });
  });

  it("is called as its config says where no name was wanted", () => {
    const nameless = { ...plain, from: { address: "jane@example.com", name: null } };
    expect(senderFor(nameless, spare, standIn()).from).toEqual({
      address: "spare@relay.example",
      name: "Spare",
    });
  });

  it("gets answers as the email or the first config says, not as its own config does", () => {
    const config = { settings: { ...relay, replyTo: "elsewhere@relay.example" } };
    const usual = { settings: { ...shop, replyTo: "desk@example.com" } };
    expect(senderFor({ ...plain, replyTo: [jane] }, config, standIn(usual)).replyTo).toEqual([jane]);
    expect(senderFor(plain, config, standIn(usual)).replyTo).toEqual([desk]);
    expect(senderFor({ ...plain, from: jane }, config, standIn()).replyTo).toEqual([jane]);
  });

  it("stays as wanted where its config has the same address as the first one, whatever its case", () => {
    const twin = { settings: { ...relay, fromEmail: "Shop@Example.com", fromName: "Twin" } };
    expect(senderFor({ ...plain, from: jane }, twin, own())).toEqual({ from: jane, replyTo: [] });
    expect(senderFor(plain, twin, own()).from).toEqual({ address: "Shop@Example.com", name: "Twin" });
  });

  it("is the one that is wanted where the config may use the sender of the other one", () => {
    expect(senderFor(plain, spare, own()).from).toEqual({ address: "shop@example.com", name: "Shop" });
  });

  it("stays as wanted where that is the address of its config", () => {
    const wanted = { address: "SPARE@relay.example", name: "Jane" };
    expect(senderFor({ ...plain, from: wanted }, spare, own())).toEqual({ from: wanted, replyTo: [] });
  });
});
