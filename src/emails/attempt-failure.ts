import type { SmtpFailure } from "../core/errors.ts";
import type { SmtpReply } from "../core/model.ts";
import { redactor } from "../smtp/redact.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { AttemptFailure } from "../store/tables/emails.ts";

/** What was seen of an attempt that failed. */
interface Seen {
  /** The sender that MAIL FROM names. */
  readonly from: string;
  /** Whom the refusal means; null where it is not about one recipient alone. */
  readonly recipient: string | null;
  /** The answer to a recipient who was refused while others were taken; null where the attempt's own says it. */
  readonly refusal: SmtpReply | null;
  /** Undefined where the relay answered to the end. */
  readonly smtp: SmtpFailure | undefined;
}

/** An explanation names no more of them, and a certificate may have thousands. */
const keptNames = 11;

/**
 * What the log keeps of a failed attempt, so that it can be explained whenever it is read. Some providers
 * want the token as the username too, so what people and relays wrote is redacted; replies are already.
 */
export function failureOf(opened: ResolvedConfig, { from, recipient, refusal, smtp }: Seen): AttemptFailure {
  const { relay, credentials, allowCleartextAuth } = opened;
  const { text } = redactor(credentials);
  const { systemCode = null, offered = null, certificate = null } = smtp ?? {};
  return {
    port: relay.port,
    tls: relay.tls,
    ownAuthority: relay.caPem !== null,
    username: credentials === null ? null : text(credentials.username),
    allowCleartextAuth,
    from: text(from),
    recipient: recipient === null ? null : text(recipient),
    systemCode,
    offered,
    certificate: certificate && { ...certificate, names: certificate.names.slice(0, keptNames) },
    refusal: refusal && {
      code: refusal.code,
      enhancedCode: refusal.enhancedCode,
      text: refusal.lines.join("\n"),
    },
  };
}
