import { describe, expect, it } from "vitest";
import { senderFor } from "./sender.ts";

const shop = { fromEmail: "shop@example.com", fromName: "Shop", replyTo: null };
const relay = { fromEmail: "spare@relay.example", fromName: "Spare", replyTo: null };
const first = { id: "1", settings: shop };
const spare = { id: "2", settings: relay };
const plain = { from: null, replyTo: [] };
const jane = { address: "jane@example.com", name: "Jane" };
const desk = { address: "desk@example.com", name: null };

describe("the sender through the config that comes first", () => {
  it("is the config's own where the email names none", () => {
    const from = { address: "shop@example.com", name: "Shop" };
    expect(senderFor(plain, first, first)).toEqual({ from, replyTo: [] });
  });

  it("is the one that the email names", () => {
    expect(senderFor({ ...plain, from: jane }, first, first)).toEqual({ from: jane, replyTo: [] });
  });

  it("gets answers where the email says, else where the config says", () => {
    const config = { id: "1", settings: { ...shop, replyTo: "desk@example.com" } };
    expect(senderFor(plain, config, config).replyTo).toEqual([desk]);
    expect(senderFor({ from: null, replyTo: [jane] }, config, config).replyTo).toEqual([jane]);
  });
});

describe("the sender through a config that stands in for the first one", () => {
  it("has the address that its relay accepts and the name that was wanted; answers go where they would have gone", () => {
    const wanted = { address: "shop@example.com", name: "Shop" };
    expect(senderFor(plain, spare, first)).toEqual({
      from: { address: "spare@relay.example", name: "Shop" },
      replyTo: [wanted],
    });
    expect(senderFor({ ...plain, from: jane }, spare, first)).toEqual({
      from: { address: "spare@relay.example", name: "Jane" },
      replyTo: [jane],
    });
  });

  it("is called as its config says where no name was wanted", () => {
    const nameless = { ...plain, from: { address: "jane@example.com", name: null } };
    expect(senderFor(nameless, spare, first).from).toEqual({ address: "spare@relay.example", name: "Spare" });
  });

  it("gets answers as the email or the first config says, not as its own config does", () => {
    const config = { id: "2", settings: { ...relay, replyTo: "elsewhere@relay.example" } };
    const usual = { id: "1", settings: { ...shop, replyTo: "desk@example.com" } };
    expect(senderFor({ ...plain, replyTo: [jane] }, config, usual).replyTo).toEqual([jane]);
    expect(senderFor(plain, config, usual).replyTo).toEqual([desk]);
    expect(senderFor({ ...plain, from: jane }, config, first).replyTo).toEqual([jane]);
  });

  it("stays as wanted where its config has the same address as the first one, whatever its case", () => {
    const twin = { id: "2", settings: { ...relay, fromEmail: "Shop@Example.com", fromName: "Twin" } };
    expect(senderFor({ ...plain, from: jane }, twin, first)).toEqual({ from: jane, replyTo: [] });
    expect(senderFor(plain, twin, first).from).toEqual({ address: "Shop@Example.com", name: "Twin" });
  });

  it("stays as wanted where that is the address of its config", () => {
    const wanted = { address: "SPARE@relay.example", name: "Jane" };
    expect(senderFor({ ...plain, from: wanted }, spare, first)).toEqual({ from: wanted, replyTo: [] });
  });
});
