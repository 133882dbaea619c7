import { expect, it } from "vitest";
import type { AttemptRoute } from "../../store/tables/emails.ts";
import { routeView, routeWords } from "./route-words.ts";

const standIn = (because: "paused" | "limit" | "refused"): AttemptRoute => ({
  by: "stand-in",
  for: "Shop",
  because,
});
const attempt = { configName: "Spare", outcome: "sent", captured: false } as const;
const everyName = () => true;

it.each([
  [{ by: "named" }, "Sent through Spare, which the request named."],
  [{ by: "sender" }, "Sent through Spare, which owns the sender."],
  [{ by: "first" }, "Sent through Spare, the first in order."],
  [standIn("paused"), "Sent through Spare because Shop was paused."],
  [standIn("limit"), "Sent through Spare because Shop had reached a limit."],
  [standIn("refused"), "Sent through Spare because Shop had rejected this email."],
] as const)("says of an attempt by %j: %s", (route, sentence) => {
  expect(routeView(route, attempt, everyName)?.sentence).toBe(sentence);
});

it("does not say that something was sent that was not", () => {
  const words = (given: object) => routeView({ by: "first" }, { ...attempt, ...given }, everyName)?.sentence;
  expect(words({ outcome: "temporary" })).toBe("Tried through Spare, the first in order.");
  expect(words({ captured: true })).toBe("Meant for Spare, the first in order.");
});

it("has nothing to say where no way is known", () => {
  expect(routeView(null, attempt, everyName)).toBeNull();
  expect(routeView({ by: "first" }, { ...attempt, configName: null }, everyName)).toBeNull();
});

it("speaks of an email that would be sent now in the present", () => {
  expect(routeWords(standIn("limit"), "Spare")).toBe("Spare sends it because Shop has reached a limit.");
});
