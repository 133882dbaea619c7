import { expect, it } from "vitest";
import { smtpConfig } from "../../test/support/smtp-config.ts";
import type { Usage } from "../store/tables/smtp-config-usage.ts";
import { limitUses, reachedLimits } from "./usage.ts";

const usage: Usage = {
  minute: { emails: 1, recipients: 2, lessAt: 61_000 },
  hour: { emails: 3, recipients: 4, lessAt: 3_660_000 },
  day: { emails: 5, recipients: 6, lessAt: 87_300_000 },
};
const { settings } = smtpConfig({ settings: { maxPerMinute: 2, maxPerDay: 5, maxRecipientsPerDay: 4 } });

it("tells of each limit that is set, in the order of their windows", () => {
  expect(limitUses(settings, usage)).toEqual([
    { setting: "maxPerMinute", limit: 2, used: 1, windowSeconds: 60, resetsAt: 61_000 },
    { setting: "maxPerDay", limit: 5, used: 5, windowSeconds: 86_400, resetsAt: 87_300_000 },
    { setting: "maxRecipientsPerDay", limit: 4, used: 6, windowSeconds: 86_400, resetsAt: 87_300_000 },
  ]);
  expect(limitUses(smtpConfig().settings, usage)).toEqual([]);
});

it("counts nothing where nothing was sent", () => {
  expect(limitUses(settings)[0]).toMatchObject({ used: 0, resetsAt: null });
});

it("knows the limits that are reached, also one that was lowered", () => {
  const reached = reachedLimits(limitUses(settings, usage));
  expect(reached.map(({ setting }) => setting)).toEqual(["maxPerDay", "maxRecipientsPerDay"]);
});
