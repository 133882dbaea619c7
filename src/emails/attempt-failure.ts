import type { SmtpFailure } from "../core/errors.ts";
import type { SmtpReply } from "../core/model.ts";
import { redactor } from "../smtp/redact.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { AttemptFailure } from "../store/tables/emails.ts";

/** What is known of an attempt that failed. */
interface FailedAttempt {
  /** The sender that MAIL FROM names. */
  readonly from: string;
  /** The recipient that the server rejected; null if the failure is not about one recipient alone. */
  readonly recipient: string | null;
  /** The reply about a recipient that was rejected while others were accepted; null if it is the attempt's own reply. */
  readonly refusal: SmtpReply | null;
  /** Undefined if the SMTP server replied to the end. */
  readonly smtp: SmtpFailure | undefined;
}

/** A certificate may have thousands of names; explanations list at most these. */
const keptNames = 11;

/**
 * What the log keeps of a failed attempt to explain it later. Some providers want the token as the username too, so
 * texts of people and servers are redacted; replies are already.
 */
export function failureOf(
  resolved: ResolvedConfig,
  { from, recipient, refusal, smtp }: FailedAttempt,
): AttemptFailure {
  const { relay, credentials, allowCleartextAuth } = resolved;
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
