/**
 * Which config takes which email: pure, so that each case is a test. The database asks the same when it claims
 * (`store/tables/email-routing.ts`); a property test holds the two together.
 */
import type { AttemptRoute, Email, StandInReason } from "../store/tables/emails.ts";

/** A config that is on, as far as the choice goes. */
export interface RoutedConfig {
  readonly id: string;
  readonly name: string;
  readonly fromEmail: string;
  /** Addresses and `@domain`, in lower case. */
  readonly senders: readonly string[];
  /** Whether it leads to the built-in sandbox. */
  readonly isSandbox: boolean;
  /** As `refusalOf` the config. */
  readonly refusal: string;
}

export type RoutedEmail = Pick<Email, "from" | "via" | "refusedBy"> & {
  /** How many recipients it is still to be sent to. Default: one. */
  readonly recipients?: number;
};

/** Whether a config can be used now. `until`: in milliseconds since the epoch; null if no time is known. */
export type Availability =
  /** `recipients`: how many more it may send to. Default: any number. */
  | { readonly state: "available"; readonly recipients?: number }
  | { readonly state: "unavailable"; readonly because: "paused" | "limit"; readonly until: number | null };

/** What becomes of an email now. */
export type RoutingDecision =
  | { readonly kind: "send"; readonly configId: string; readonly route: AttemptRoute }
  /** It stays queued until the config can be used. */
  | { readonly kind: "wait"; readonly configId: string; readonly until: number | null }
  /** `none-on`: no config is on, or not the one that the request named; `all-refused`: none is left to try. */
  | { readonly kind: "stuck"; readonly because: "none-on" | "all-refused" };

/** How close a config is to an email, from the closest on. */
const ranks = ["named", "from-email", "senders", "none"] as const;

/**
 * The configs that may send an email, in the order in which they are tried: the one that the request named, alone
 * unless others may stand in; those that own the sender; then the others. A sandbox config only ever sends what is its
 * own, and what is its own goes nowhere else.
 * @param configs those that are on, in their order.
 */
export function candidatesFor<Config extends RoutedConfig>(
  email: Omit<RoutedEmail, "refusedBy">,
  configs: readonly Config[],
): readonly Config[] {
  const { via } = email;
  const mayTake = via === null || via.fallback ? configs : configs.filter(({ id }) => id === via.configId);
  const ranked = mayTake
    .map((config) => ({ config, rank: rankOf(config, email, configs) }))
    // Within a rank they stay in their order.
    .sort((a, b) => a.rank - b.rank)
    .map(({ config }) => config);
  const [home] = ranked;
  return home?.isSandbox === true ? [home] : ranked.filter(({ isSandbox }) => !isSandbox);
}

/** What becomes of an email, with the configs as they are. */
export function routeOf<Config extends RoutedConfig>(
  email: RoutedEmail,
  configs: readonly Config[],
  availabilityOf: (config: Config) => Availability,
): RoutingDecision {
  const candidates = candidatesFor(email, configs);
  const left = candidates.filter(({ refusal }) => !email.refusedBy.includes(refusal));
  const availabilityFor = (config: Config) => withRoomFor(email, availabilityOf(config));
  for (const config of left) {
    if (availabilityFor(config).state !== "available") continue;
    return { kind: "send", configId: config.id, route: reasonFor(email, config, configs, availabilityOf) };
  }
  const waiting = left.flatMap((config) => {
    const availability = availabilityFor(config);
    return availability.state === "available" ? [] : [{ config, until: availability.until }];
  });
  const [first] = waiting.sort((a, b) => (a.until ?? Infinity) - (b.until ?? Infinity));
  if (first !== undefined) return { kind: "wait", configId: first.config.id, until: first.until };
  return { kind: "stuck", because: candidates.length === 0 ? "none-on" : "all-refused" };
}

/** Why an email goes through a config that is among its candidates. */
export function reasonFor<Config extends RoutedConfig>(
  email: RoutedEmail,
  config: Config,
  configs: readonly Config[],
  availabilityOf: (config: Config) => Availability,
): AttemptRoute {
  const home = homeOf(email, configs);
  const rank = ranks[rankOf(config, email, configs)];
  if (rank === "named") return { by: "named" };
  const isHome = home === undefined || home.id === config.id;
  if (isHome && (rank === "none" || email.from === null)) return { by: "first" };
  if (isHome || rank !== "none") return { by: "sender" };
  return { by: "stand-in", for: home.name, because: whyNot(email, home, availabilityOf(home)) };
}

/** A config that may not send to so many recipients as an email has cannot be used for that email. */
function withRoomFor({ recipients = 1 }: RoutedEmail, availability: Availability): Availability {
  const isTooLittle =
    availability.state === "available" && recipients > (availability.recipients ?? Infinity);
  return isTooLittle ? { state: "unavailable", because: "limit", until: null } : availability;
}

function whyNot(email: RoutedEmail, home: RoutedConfig, given: Availability): StandInReason {
  if (email.refusedBy.includes(home.refusal)) return "refused";
  const availability = withRoomFor(email, given);
  return availability.state === "unavailable" ? availability.because : "paused";
}

/**
 * The address that an email is to come from: its own, or that of the config that would send it first.
 * @returns null if there is no config.
 */
function wantedSender<Config extends RoutedConfig>(
  { from, via }: Omit<RoutedEmail, "refusedBy">,
  configs: readonly Config[],
): string | null {
  if (from !== null) return from.address.toLowerCase();
  const named = configs.find(({ id }) => id === via?.configId);
  return (named ?? configs[0])?.fromEmail.toLowerCase() ?? null;
}

/** The config that would send an email while all are well; undefined if none may. */
export function homeOf<Config extends RoutedConfig>(
  email: Omit<RoutedEmail, "refusedBy">,
  configs: readonly Config[],
): Config | undefined {
  return candidatesFor(email, configs)[0];
}

/** Whether a config sends an email with the sender that is wanted. Else it stands in, with its own. */
export function sendsAsItself<Config extends RoutedConfig>(
  email: Omit<RoutedEmail, "refusedBy">,
  config: Config,
  configs: readonly Config[],
): boolean {
  const home = homeOf(email, configs);
  // Domains have no case (RFC 5321 §2.4); relays that tell local parts apart by it are not known.
  const isHomes = home?.fromEmail.toLowerCase() === config.fromEmail.toLowerCase();
  return isHomes || ranks[rankOf(config, email, configs)] !== "none";
}

function rankOf<Config extends RoutedConfig>(
  { id, fromEmail, senders }: Config,
  email: Omit<RoutedEmail, "refusedBy">,
  configs: readonly Config[],
): number {
  if (email.via?.configId === id) return ranks.indexOf("named");
  const sender = wantedSender(email, configs);
  if (sender === fromEmail.toLowerCase()) return ranks.indexOf("from-email");
  const isAmong = senders.some((each) =>
    each.startsWith("@") ? sender?.endsWith(each) === true : sender === each,
  );
  return ranks.indexOf(isAmong ? "senders" : "none");
}
