import { expect, it } from "vitest";
import { smtpConfig } from "../../test/support/smtp-config.ts";
import { findNamedConfig } from "./named-config.ts";

const shop = smtpConfig({ id: "1", settings: { name: "Shop" } });
const office = smtpConfig({ id: "2", settings: { name: "Office" } });
const otherOffice = smtpConfig({ id: "3", settings: { name: "Office" } });
const configs = [shop, office, otherOffice];

it("finds a config by its id and by its name", () => {
  expect(findNamedConfig(configs, "3")).toBe(otherOffice);
  expect(findNamedConfig(configs, "Shop")).toBe(shop);
});

it("prefers an id to the same text as a name", () => {
  const named = smtpConfig({ id: "4", settings: { name: "1" } });
  expect(findNamedConfig([named, ...configs], "1")).toBe(shop);
});

it("says which field names a config that there is not", () => {
  expect(() => findNamedConfig(configs, "Lab")).toThrow(
    expect.objectContaining({
      code: "config.not_found",
      issues: [{ pointer: "/config", detail: "must be the name or ID of an SMTP config" }],
    }),
  );
});

it("names the ids of all that have the name", () => {
  expect(() => findNamedConfig(configs, "Office")).toThrow(
    expect.objectContaining({
      code: "input.invalid",
      issues: [{ pointer: "/config", detail: expect.stringContaining("2, 3") }],
    }),
  );
});
