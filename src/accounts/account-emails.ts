import type { Clock } from "../core/clock.ts";
import type { Outbox } from "../emails/emails.ts";
import type { Templates } from "../templates/engine/templates.ts";
import type { Account, Visitor } from "./accounts.ts";
import { deviceName } from "./device.ts";
import { passwordLinkMinutes } from "./password-link.ts";
import { preferredLocale } from "./preferred-locale.ts";

export interface AccountEmailsDependencies {
  readonly outbox: Outbox;
  readonly templates: Templates;
  readonly clock: Clock;
}

const caller = { id: "system", name: "Sendwright" };

/** Emails that Sendwright sends to its own admins about their accounts. */
export class AccountEmails {
  readonly #outbox: Outbox;
  readonly #templates: Templates;
  readonly #clock: Clock;

  constructor({ outbox, templates, clock }: AccountEmailsDependencies) {
    this.#outbox = outbox;
    this.#templates = templates;
    this.#clock = clock;
  }

  /** Sends the link that sets a new password, in a language of the browser that asked for it. */
  async passwordReset(to: Account, url: string, visitor: Visitor): Promise<void> {
    const template = "password-reset";
    const request = {
      to: to.email,
      template,
      data: { ...this.#dataFor(to, visitor), url, validMinutes: passwordLinkMinutes },
      locale: preferredLocale(visitor.acceptLanguage, this.#templates.get(template).locales),
      // Also if an admin has edited the template: anyone who has the link can get into the account.
      sensitive: true,
      priority: "high",
    };
    await this.#outbox.accept(request, { caller });
  }

  /**
   * Reports a sign-in from a new device, in English as the pages are: the language of the browser may be that of an
   * intruder.
   * @param url the page that secures the account; null if the base of links is not known
   */
  async newSignIn(to: Account, url: string | null, visitor: Visitor): Promise<void> {
    const data = { ...this.#dataFor(to, visitor), url: url ?? undefined };
    await this.#outbox.accept({ to: to.email, template: "new-sign-in", data, priority: "high" }, { caller });
  }

  /** The product is Sendwright, because the account is for its pages, even if the brand has accounts too. */
  #dataFor({ name, email }: Account, { userAgent }: Visitor) {
    return {
      ...(name === email ? {} : { name: name.replace(/[\p{Cc}\u2028\u2029]+/gu, " ") }),
      device: deviceName(userAgent) ?? undefined,
      time: new Date(this.#clock.now()).toISOString(),
      productName: "Sendwright",
    };
  }
}
