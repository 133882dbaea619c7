import type { Mailbox } from "../core/model.ts";
import type { Email } from "../store/tables/emails.ts";
import type { SmtpSettings } from "../store/tables/smtp-configs.ts";

/** A config as far as senders go. */
interface SenderConfig {
  readonly id: string;
  readonly settings: Pick<SmtpSettings, "fromEmail" | "fromName" | "replyTo">;
}

/** Who an email comes from, and where answers go. */
export interface Sender {
  readonly from: Mailbox;
  readonly replyTo: readonly Mailbox[];
}

/**
 * The sender of an email through a config. Normally the one that was asked for, or the config's own.
 * Where another config stands in for the first one, its relay accepts its own sender: that is used, and
 * answers still go where they would have gone.
 * @param first the config that comes first while all are well.
 */
export function senderFor(
  email: Pick<Email, "from" | "replyTo">,
  config: SenderConfig,
  first: SenderConfig,
): Sender {
  const { fromEmail, fromName } = config.settings;
  const wanted = email.from ?? { address: first.settings.fromEmail, name: first.settings.fromName };
  const standsIn = config.id !== first.id && !sameAddress(fromEmail, first.settings.fromEmail);
  if (!standsIn || sameAddress(fromEmail, wanted.address)) {
    return {
      from: email.from ?? { address: fromEmail, name: fromName },
      replyTo: repliesTo(email, config),
    };
  }
  const given = repliesTo(email, first);
  return {
    from: { address: fromEmail, name: wanted.name ?? fromName },
    replyTo: given.length > 0 ? given : [wanted],
  };
}

function repliesTo({ replyTo }: Pick<Email, "replyTo">, { settings }: SenderConfig): readonly Mailbox[] {
  if (replyTo.length > 0 || settings.replyTo === null) return replyTo;
  return [{ name: null, address: settings.replyTo }];
}

/** Domains have no case (RFC 5321 §2.4); relays that tell local parts apart by it are not known. */
function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
