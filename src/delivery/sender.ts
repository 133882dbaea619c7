import type { Mailbox } from "../core/model.ts";
import type { Email } from "../store/tables/emails.ts";
import type { SmtpSettings } from "../store/tables/smtp-configs.ts";

/** A config as far as senders go. */
interface SenderConfig {
  readonly settings: Pick<SmtpSettings, "fromEmail" | "fromName" | "replyTo">;
}

/** Who an email comes from, and where answers go. */
export interface Sender {
  readonly from: Mailbox;
  readonly replyTo: readonly Mailbox[];
}

/**
 * The sender of an email through a config. Normally the one that was asked for, or the config's own.
 * Where a config stands in for another one, its relay accepts its own sender: that is used, and
 * answers still go where they would have gone.
 * @param home the config that would send the email while all are well.
 * @param standsIn whether the config may not use the sender that is wanted.
 */
export function senderFor(
  email: Pick<Email, "from" | "replyTo">,
  config: SenderConfig,
  { home, standsIn }: { readonly home: SenderConfig; readonly standsIn: boolean },
): Sender {
  const { fromEmail, fromName } = config.settings;
  const wanted = email.from ?? { address: home.settings.fromEmail, name: home.settings.fromName };
  if (!standsIn) {
    // A config may be allowed to use the sender of another one, or have the same.
    const isOwn = fromEmail.toLowerCase() === wanted.address.toLowerCase();
    const own = { address: fromEmail, name: fromName };
    return { from: email.from ?? (isOwn ? own : wanted), replyTo: repliesTo(email, config) };
  }
  const given = repliesTo(email, home);
  return {
    from: { address: fromEmail, name: wanted.name ?? fromName },
    replyTo: given.length > 0 ? given : [wanted],
  };
}

function repliesTo({ replyTo }: Pick<Email, "replyTo">, { settings }: SenderConfig): readonly Mailbox[] {
  if (replyTo.length > 0 || settings.replyTo === null) return replyTo;
  return [{ name: null, address: settings.replyTo }];
}
