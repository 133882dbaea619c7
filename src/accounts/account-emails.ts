import type { Clock } from "../core/clock.ts";
import type { Outbox } from "../emails/emails.ts";
import type { Templates } from "../templates/engine/templates.ts";
import type { Account, Visitor } from "./accounts.ts";
import { deviceName } from "./device.ts";
import { passwordLinkMinutes } from "./password-link.ts";
import { preferredLocale } from "./preferred-locale.ts";

/** What Sendwright writes to its own admins, about their accounts. */
export interface AccountEmails {
  /** The link that sets a new password, in a language of whoever asked for it. */
  passwordReset(to: Account, url: string, visitor: Visitor): Promise<void>;
  /**
   * News of a sign-in from a device that was not known, in English as the pages are: the language of the
   * browser may be that of an intruder.
   * @param url where the account can be secured; null where no base of links is known
   */
  newSignIn(to: Account, url: string | null, visitor: Visitor): Promise<void>;
}

export interface AccountEmailsParts {
  readonly outbox: Outbox;
  readonly templates: Templates;
  readonly clock: Clock;
}

const caller = { id: "system", name: "Sendwright" };

export function createAccountEmails({ outbox, templates, clock }: AccountEmailsParts): AccountEmails {
  /** The account is one of Sendwright's, also where a brand has accounts of its own. */
  function dataFor({ name, email }: Account, { userAgent }: Visitor) {
    return {
      ...(name === email ? {} : { name: name.replace(/[\p{Cc}\u2028\u2029]+/gu, " ") }),
      device: deviceName(userAgent) ?? undefined,
      time: new Date(clock.now()).toISOString(),
      productName: "Sendwright",
    };
  }

  return {
    async passwordReset(to, url, visitor) {
      const template = "password-reset";
      const request = {
        to: to.email,
        template,
        data: { ...dataFor(to, visitor), url, validMinutes: passwordLinkMinutes },
        locale: preferredLocale(visitor.acceptLanguage, templates.get(template).locales),
        // Whatever an admin has made of the template: the link lets its reader in.
        sensitive: true,
        priority: "high",
      };
      await outbox.accept(request, { caller });
    },

    async newSignIn(to, url, visitor) {
      const data = { ...dataFor(to, visitor), url: url ?? undefined };
      await outbox.accept({ to: to.email, template: "new-sign-in", data, priority: "high" }, { caller });
    },
  };
}
