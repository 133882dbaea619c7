import type { EmailPlan } from "../plans/plan.ts";

/** A config as the database has it, as far as it is of matter which emails go through it. */
export interface KnownConfig {
  readonly id: string;
  /** The index of its relay. */
  readonly relay: number;
  readonly fromEmail: string;
  readonly senders: readonly string[];
  readonly isSandbox: boolean;
  readonly version: number;
  readonly limits: readonly KnownLimit[];
}

export interface KnownLimit {
  readonly windowMs: number;
  readonly bucketMs: number;
  readonly counts: "emails" | "recipients";
  readonly max: number;
}

export type RoutedPlan = Pick<EmailPlan, "from" | "via">;

/** Who and whose: the promise in the simulator's own words, so that it does not share a fault with the product. */
export class Rule {
  readonly #email: RoutedPlan;
  readonly #configs: readonly KnownConfig[];

  /** @param configs those that are on, in their order. */
  constructor(email: RoutedPlan, configs: readonly KnownConfig[]) {
    this.#email = email;
    this.#configs = configs;
  }

  /** Those that may send the email, the right one first. */
  candidates(): readonly KnownConfig[] {
    const { via } = this.#email;
    const mayTry = this.#configs.filter(({ relay }) => via === null || via.fallback || via.relay === relay);
    const named = mayTry.filter(({ relay }) => via?.relay === relay);
    const rest = mayTry.filter((config) => !named.includes(config));
    const withAddress = rest.filter((config) => config.fromEmail === this.sender);
    const withSenders = rest.filter((config) => !withAddress.includes(config) && this.#lists(config));
    const others = rest.filter((config) => !withAddress.includes(config) && !withSenders.includes(config));
    const all = [...named, ...withAddress, ...withSenders, ...others];
    return all[0]?.isSandbox === true ? all.slice(0, 1) : all.filter(({ isSandbox }) => !isSandbox);
  }

  /** What the recipient is to see, whichever config sends. */
  get sender(): string | undefined {
    const { from, via } = this.#email;
    const named = this.#configs.find(({ relay }) => relay === via?.relay);
    return from ?? (named ?? this.#configs[0])?.fromEmail;
  }

  /** The sender and the address for answers that an email has through a config. */
  sendersThrough(config: KnownConfig): { readonly from: string; readonly replyTo: string | null } {
    const sender = this.sender ?? config.fromEmail;
    const isHome = this.candidates()[0]?.id === config.id;
    const isOwner =
      config.fromEmail === sender || this.#lists(config) || this.#email.via?.relay === config.relay;
    return isHome || isOwner ? { from: sender, replyTo: null } : { from: config.fromEmail, replyTo: sender };
  }

  /** Whether it has another sender through the config of a relay than that config itself. */
  isForeignTo(relay: number): boolean {
    const config = this.#configs.find((each) => each.relay === relay);
    return config !== undefined && this.sendersThrough(config).from !== config.fromEmail;
  }

  #lists({ senders }: KnownConfig): boolean {
    const domain = `@${this.sender?.split("@")[1]}`;
    return senders.some((each) => each === this.sender || each === domain);
  }
}
