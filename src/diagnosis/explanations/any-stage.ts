import type { ExplanationRule } from "./rule.ts";

/** Replies that mean the same after any command. They come before all other rules. */
export const everywhereRules: readonly ExplanationRule[] = [
  {
    code: "relay.cut_off_here",
    when: { code: ["smtp.closed"], systemCode: ["ABORT_ERR"] },
    title: "Sendwright closed the connection",
    explanation:
      "Sendwright ended its conversation with {host} while {doing}, because it was shutting down or the request was cancelled.",
    remedy: "Try again. The settings don't seem to be the cause.",
    source: "Node AbortSignal: ABORT_ERR",
  },
  {
    code: "relay.blocklisted",
    when: {
      reply: [4, 5],
      says: /spamhaus|spamcop|barracuda|blocked using|\b(?:block|black|deny)[ -]?list|\bdnsbl\b|\brbl\b|poor reputation/i,
    },
    title: "This machine's IP address is blocklisted",
    explanation: "{host} rejected mail from this machine's IP address because of a blocklist: {said}.",
    remedy:
      "Send through an SMTP server that you authenticate to (port 587 or 465). Or ask the blocklist that the server names to remove the address.",
    source: "Postfix postconf(5) reject_rbl_client and default_rbl_reply; RFC 5782",
  },
  {
    code: "relay.no_reverse_dns",
    when: {
      reply: [4, 5],
      says: /cannot find your (?:reverse )?host ?name|\breverse dns\b|\bPTR\b|\b[45]\.7\.25\b/i,
    },
    title: "This machine has no reverse DNS",
    explanation: "{host} rejects clients whose IP address has no host name in the DNS (reverse DNS): {said}.",
    remedy:
      "Send through an SMTP server that you authenticate to (port 587 or 465). Or ask your hosting provider to set reverse DNS for this machine.",
    source:
      "Postfix reject_unknown_client_hostname “450 4.7.25 Client host rejected: cannot find your hostname”; RFC 7372 §3.3",
  },
  {
    code: "relay.client_refused",
    when: {
      reply: [4, 5],
      says: /client host rejected|banned sending IP|host .{0,80}is not allowed|\bIP\b.{0,80}(?:not (?:allowed|authori[sz]ed)|banned|denied)/i,
    },
    title: "The SMTP server rejected this machine",
    explanation: "{host} rejected mail from this machine's IP address: {said}.",
    remedy:
      "Use port 587 or 465 with a username and password, or ask the server's administrator to allow this machine's IP address.",
    source:
      "Postfix “554 5.7.1 Client host rejected: Access denied”; Exchange Online “550 5.7.606 Access denied, banned sending IP”",
  },
  {
    code: "auth.too_many_attempts",
    when: {
      stage: ["auth"],
      reply: [4, 5],
      says: /too many (?:failed |invalid |unsuccessful )?(?:log ?in|sign.?in|auth|attempts|failures|failed|password)/i,
    },
    title: "Too many authentication attempts",
    explanation:
      "{host} temporarily blocks authentication from this machine: {said}. Often something keeps trying a wrong password.",
    remedy:
      "Check the password, wait at least 15 minutes, then test once. Each further attempt can extend the wait.",
    source:
      "Gmail “454 4.7.0 Too many login attempts, please try again later”; Postfix smtpd_client_auth_rate_limit “450 4.7.1 Error: too many AUTH commands from …”",
  },
  {
    // Delivery knows the same replies: only for these do emails stay queued.
    code: "relay.daily_quota",
    when: {
      stage: ["sender", "recipient", "message"],
      reply: [4, 5],
      says: /^(?!\d{3} [45]\.2\.2\b)(?:\d{3} 5\.(?:4\.5|1\.90)\b|.*(?:SubmissionQuotaExceeded|\bdaily (?:\w+ ){0,2}(?:sending|message|email|mail|relay) (?:limit|quota)|\b(?:sending|message) (?:limit|quota) (?:is |was |has been )?exceeded))/i,
    },
    title: "Daily sending quota reached",
    explanation:
      "{host} limits how many emails {username} can send per day, and that limit is reached: {said}.",
    remedy:
      "Wait, or add another SMTP config. Sendwright keeps the emails queued, uses the next SMTP config if there is one, and retries this one automatically. For more emails per day, ask the provider for a higher limit.",
    source:
      "Gmail “550 5.4.5 Daily user sending limit exceeded”; Exchange Online “554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException”, “550 5.1.90”; Amazon SES “454 Throttling failure: Daily message quota exceeded”",
  },
  {
    code: "relay.rate_limited",
    when: {
      reply: [4, 5],
      says: /throttl|too many (?:login|failed|auth|connections|messages|concurrent|mails?|emails?|errors)|too much mail|too many recipients (?:from|received)|\b(?:per|this|an) hour\b|connections? limit|\b(?:sender|connection|ip|domain) frequency limited|rate.?limit|\boverlimit\b|\b(?:send(?:ing)?|daily|hourly) (?:\w+ ){0,3}(?:rate|limit|quota)|thread limit/i,
    },
    title: "Rate limit reached",
    explanation: "{host} limits how much mail it accepts in a given time, and that limit is reached: {said}.",
    remedy:
      "Wait, then try again. If it happens often, lower the maximum connections and emails per second in this config, or ask the provider for a higher limit.",
    source:
      "Amazon SES “454 Throttling failure: Maximum sending rate exceeded”; Exchange Online “432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded”; cPanel “Domain … has exceeded the max emails per hour”; Postfix “450 4.7.1 Error: too much mail from …”; Exim “Sender rate overlimit”",
  },
  {
    code: "message.too_large",
    when: { code: ["smtp.too_large", "message.too_large"] },
    title: "The message is too large",
    explanation: "{host} announced a size limit that this message exceeds, so Sendwright didn't send it.",
    remedy:
      "Send smaller attachments, or link to the files instead. Some providers raise the limit on request.",
    source: "RFC 1870 §5 and §6.1",
  },
  {
    code: "message.too_large_refused",
    when: {
      stage: ["sender", "recipient", "message"],
      reply: [5],
      // A mailbox and a quota have sizes that are exceeded too.
      says: /^(?!.*(?:mailbox|inbox|quota))(?:\d{3} 5\.(?:3\.4|2\.3)\b|.*(?:\bsize\b.{0,40}\bexceed|\bexceed\w*\b.{0,60}\bsize\b|\b(?:message|mail|content|data|file|attachment|size)\b.{0,40}\btoo (?:big|large|long)\b))/i,
    },
    title: "The message is too large",
    explanation: "{host} rejected the message because of its size: {said}.",
    remedy:
      "Send smaller attachments, or link to the files instead. Some providers raise the limit on request.",
    source:
      "RFC 1870 §6.2 and §6.3; RFC 3463 X.2.3, X.3.4; Postfix “552 5.3.4 Message size exceeds fixed limit”; Exim “552 Message size exceeds maximum permitted”",
  },
  {
    code: "relay.storage_full",
    when: { reply: [4], says: /^452 4\.3\.1\b|insufficient (?:system )?storage|space shortage/i },
    title: "The SMTP server is out of space",
    explanation: "{host} has no disk space left for mail: {said}.",
    remedy: "Try again later. If the server is yours, free disk space on it.",
    source:
      "RFC 3463 X.3.1; Postfix “452 4.3.1 Insufficient system storage”; Exim “452 Space shortage, please try later”",
  },
];

/** Failures that are possible at any stage. They come after all rules that are more specific. */
export const anywhereRules: readonly ExplanationRule[] = [
  {
    code: "relay.shutting_down",
    when: { reply: [421] },
    title: "The SMTP server closed the connection",
    explanation: "{host} closed the connection while Sendwright was {doing}: {said}.",
    remedy:
      "Try again in a few minutes, because this is usually temporary. If it keeps happening, ask the server's administrator.",
    source: "RFC 5321 §3.8 and §4.2.3: 421 service not available, closing transmission channel",
  },
  {
    code: "relay.silent",
    when: { code: ["smtp.timeout"] },
    title: "The SMTP server stopped responding",
    explanation: "{host} port {port} accepted the connection but didn't reply while Sendwright was {doing}.",
    remedy:
      "Try again. If it keeps happening, ask the server's administrator to let this machine in without delay. The server may be overloaded or delay unknown clients on purpose (a tarpit), or a firewall drops the traffic.",
    source: "RFC 5321 §4.5.3.2: timeouts per command",
  },
  {
    code: "relay.hung_up",
    when: { code: ["smtp.closed"] },
    title: "The SMTP server closed the connection",
    explanation: "{host} closed the connection without a reply while Sendwright was {doing}.",
    remedy:
      "Try again. If it keeps happening, check the server's own log. Servers often disconnect clients that they don't trust.",
    source: "RFC 5321 §3.8: a connection lost without 421; Node ECONNRESET, EPIPE",
  },
  {
    code: "relay.not_smtp",
    when: { code: ["smtp.protocol"] },
    title: "The reply wasn't SMTP",
    explanation: "{host} port {port} sent something that isn't an SMTP reply while Sendwright was {doing}.",
    remedy:
      "Check the server and port. If a proxy, antivirus or firewall inspects mail on the way, exclude this server from it.",
    source: "RFC 5321 §4.2: syntax of replies",
  },
  {
    code: "relay.needs_utf8",
    when: { code: ["smtp.smtputf8_missing"] },
    title: "The SMTP server doesn't support SMTPUTF8",
    explanation: "An address has non-ASCII characters before the @, and {host} doesn't offer SMTPUTF8.",
    remedy: "Use an address with ASCII characters only, or an SMTP server that offers SMTPUTF8.",
    source: "RFC 6531 §3.2",
  },
];

const source = "RFC 5321 §4.2.1: what the first digit of a reply means";
const shared = {
  code: "unexplained",
  when: {},
  title: "Failed while {doing}",
  source,
} as const;

/** The rule for a failure that no other rule explains: the stage, the reply, and what the class of the reply allows. */
export function unexplained(replyCode: number | undefined): ExplanationRule {
  if (replyCode === undefined) {
    return {
      ...shared,
      explanation: "{message} Sendwright was {doing} ({systemCode}).",
      remedy: "Check the server, port and TLS settings against the provider's documentation, then try again.",
    };
  }
  const explanation = "{host} replied {said} while Sendwright was {doing}.";
  return replyCode < 500
    ? {
        ...shared,
        explanation,
        remedy:
          "Try again in a few minutes, because the server calls this error temporary. If it keeps failing, send this reply to the server's administrator.",
      }
    : {
        ...shared,
        explanation,
        remedy:
          "Look up this reply in the provider's help, or send it to the server's administrator. The server calls this error permanent.",
      };
}
