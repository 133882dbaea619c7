import type { Db } from "../store/schema.ts";
import {
  noUsage,
  readUsage,
  type Usage,
  type UsageLimit,
  type UsageLimits,
  type UsageWindow,
  usageLimits,
} from "../store/tables/smtp-config-usage.ts";
import type { ConfigSource } from "./repository.ts";

type LimitSetting = Exclude<keyof UsageLimits, "bcc">;

/** What a config has used of one of its limits. */
export interface LimitUse {
  readonly setting: LimitSetting;
  readonly limit: number;
  /** Emails or recipients in the window that ends now. More than the limit if that was lowered since. */
  readonly used: number;
  readonly windowSeconds: number;
  /** When the oldest of them no longer count, in milliseconds since the epoch; null if none count. */
  readonly resetsAt: number | null;
}

const windowSeconds: Readonly<Record<UsageWindow, number>> = { minute: 60, hour: 3_600, day: 86_400 };
const settingOfEmails = { minute: "maxPerMinute", hour: "maxPerHour", day: "maxPerDay" } as const;

/** What a config has used of each limit that is set. Limits per second are not among them: emails wait for those. */
export function limitUses(settings: UsageLimits, usage: Usage = noUsage): readonly LimitUse[] {
  return usageLimits(settings).map((limit) => {
    const { [limit.counts]: used, lessAt } = usage[limit.window];
    return {
      setting: settingOf(limit),
      limit: limit.max,
      used,
      windowSeconds: windowSeconds[limit.window],
      resetsAt: lessAt,
    };
  });
}

/** The limits that keep a config from sending now. */
export function reachedLimits(uses: readonly LimitUse[]): readonly LimitUse[] {
  return uses.filter(({ used, limit }) => used >= limit);
}

/** Such as `412 of 500 emails in 24 hours`. */
export function useInWords({ setting, used, limit, windowSeconds }: LimitUse): string {
  const what = setting === "maxRecipientsPerDay" ? "recipients" : "emails";
  return `${used.toLocaleString("en")} of ${limit.toLocaleString("en")} ${what} in ${windowWords[windowSeconds]}`;
}

const windowWords: Readonly<Record<number, string>> = { 60: "a minute", 3600: "an hour", 86400: "24 hours" };

/** A limit of a config that is on, and the part of it that is used: 1 and more keep the config from sending. */
export interface LimitRatio {
  readonly config: string;
  readonly id: string;
  readonly setting: LimitSetting;
  readonly ratio: number;
}

/** For the metrics. */
export async function readLimitRatios(db: Db, source: ConfigSource, now: number): Promise<LimitRatio[]> {
  const configs = (await source.list(db)).filter(({ settings }) => settings.enabled);
  const usages = await readUsage(db, now);
  return configs.flatMap(({ id, settings }) =>
    limitUses(settings, usages.get(id)).map(({ setting, used, limit }) => {
      return { config: settings.name, id, setting, ratio: used / limit };
    }),
  );
}

function settingOf({ window, counts }: UsageLimit): LimitSetting {
  return counts === "recipients" ? "maxRecipientsPerDay" : settingOfEmails[window];
}
