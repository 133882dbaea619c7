import type { ExplanationRule } from "./rule.ts";

/** Replies that mean the same after any command. They come before all other rules. */
export const everywhereRules: readonly ExplanationRule[] = [
  {
    code: "relay.cut_off_here",
    when: { code: ["smtp.closed"], systemCode: ["ABORT_ERR"] },
    title: "The conversation was cut off from here",
    explanation:
      "Sendwright itself ended the conversation with {host} while {doing}: it was being stopped, or nobody waited for the outcome any more.",
    remedy: "Nothing is wrong with the settings, as far as this shows: try again.",
    source: "Node AbortSignal: ABORT_ERR",
  },
  {
    code: "relay.blocklisted",
    when: {
      reply: [4, 5],
      says: /spamhaus|spamcop|barracuda|blocked using|\b(?:block|black|deny)[ -]?list|\bdnsbl\b|\brbl\b|poor reputation/i,
    },
    title: "This machine's address is on a block list",
    explanation: "{host} refuses mail from the address of this machine because of a block list: {said}.",
    remedy:
      "Send through a relay that you sign in to (port 587 or 465), or have the address removed from the list that the server names.",
    source: "Postfix postconf(5) reject_rbl_client and default_rbl_reply; RFC 5782",
  },
  {
    code: "relay.no_reverse_dns",
    when: {
      reply: [4, 5],
      says: /cannot find your (?:reverse )?host ?name|\breverse dns\b|\bPTR\b|\b[45]\.7\.25\b/i,
    },
    title: "This machine's address has no name",
    explanation: "{host} refuses clients whose address has no name in the DNS (reverse DNS): {said}.",
    remedy:
      "Send through a relay that you sign in to (port 587 or 465), or have the hosting provider set the reverse DNS of this machine.",
    source:
      "Postfix reject_unknown_client_hostname “450 4.7.25 Client host rejected: cannot find your hostname”; RFC 7372 §3.3",
  },
  {
    code: "relay.client_refused",
    when: {
      reply: [4, 5],
      says: /client host rejected|banned sending IP|host .{0,80}is not allowed|\bIP\b.{0,80}(?:not (?:allowed|authori[sz]ed)|banned|denied)/i,
    },
    title: "The relay does not serve this machine",
    explanation: "{host} refuses mail from the address of this machine: {said}.",
    remedy:
      "Use the port for clients that sign in (587 or 465) with username and password, or ask whoever runs the relay to allow this machine's address.",
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
    title: "Too many sign-ins in a short time",
    explanation:
      "{host} lets nobody sign in from here for now: {said}. Often something keeps trying a wrong password.",
    remedy:
      "Make sure that the password is right, wait for a quarter of an hour or longer, then test once: each further try may prolong the wait.",
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
    title: "The account's daily quota is used up",
    explanation: "{host} accepts only so many emails from {username} in a day. It said {said}.",
    remedy:
      "Nothing is lost: Sendwright keeps the emails queued, sends them through the next SMTP config if there is one, and tries this one again by itself. For more emails a day, ask the provider for a higher limit or add another SMTP config.",
    source:
      "Gmail “550 5.4.5 Daily user sending limit exceeded”; Exchange Online “554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException”, “550 5.1.90”; Amazon SES “454 Throttling failure: Daily message quota exceeded”",
  },
  {
    code: "relay.rate_limited",
    when: {
      reply: [4, 5],
      says: /throttl|too many (?:login|failed|auth|connections|messages|concurrent|mails?|emails?|errors)|too much mail|too many recipients (?:from|received)|\b(?:per|this|an) hour\b|connections? limit|\b(?:sender|connection|ip|domain) frequency limited|rate.?limit|\boverlimit\b|\b(?:send(?:ing)?|daily|hourly) (?:\w+ ){0,3}(?:rate|limit|quota)|thread limit/i,
    },
    title: "The relay's limit is reached",
    explanation: "{host} takes only so much in a given time, and that is used up for now. It said {said}.",
    remedy:
      "Wait and try again. If it happens often, lower the connections and messages per second in this config, or ask the provider for a higher limit.",
    source:
      "Amazon SES “454 Throttling failure: Maximum sending rate exceeded”; Exchange Online “432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded”; cPanel “Domain … has exceeded the max emails per hour”; Postfix “450 4.7.1 Error: too much mail from …”; Exim “Sender rate overlimit”",
  },
  {
    code: "message.too_large",
    when: { code: ["smtp.too_large", "message.too_large"] },
    title: "The message is too large for the relay",
    explanation: "{host} takes no message of this size. Sendwright saw that in its offer and did not send.",
    remedy: "Send smaller attachments, or links to them. Some providers raise the limit on request.",
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
    title: "The message is too large for the relay",
    explanation: "{host} takes no message of this size: {said}.",
    remedy: "Send smaller attachments, or links to them. Some providers raise the limit on request.",
    source:
      "RFC 1870 §6.2 and §6.3; RFC 3463 X.2.3, X.3.4; Postfix “552 5.3.4 Message size exceeds fixed limit”; Exim “552 Message size exceeds maximum permitted”",
  },
  {
    code: "relay.storage_full",
    when: { reply: [4], says: /^452 4\.3\.1\b|insufficient (?:system )?storage|space shortage/i },
    title: "The relay is out of space",
    explanation: "{host} has no room to keep mail at the moment: {said}.",
    remedy: "Try again later; if the server is yours, free space on its disk.",
    source:
      "RFC 3463 X.3.1; Postfix “452 4.3.1 Insufficient system storage”; Exim “452 Space shortage, please try later”",
  },
];

/** Failures that are possible at any stage. They come after all rules that are more specific. */
export const anywhereRules: readonly ExplanationRule[] = [
  {
    code: "relay.shutting_down",
    when: { reply: [421] },
    title: "The relay closed the conversation",
    explanation: "{host} ended the conversation while {doing}. It said {said}.",
    remedy:
      "This usually passes by itself: try again in a few minutes. If it stays, ask whoever runs the server.",
    source: "RFC 5321 §3.8 and §4.2.3: 421 service not available, closing transmission channel",
  },
  {
    code: "relay.silent",
    when: { code: ["smtp.timeout"] },
    title: "The relay stopped answering",
    explanation: "The connection to {host} port {port} stands, but no answer came while {doing}.",
    remedy:
      "Try again. If it stays, the server is overloaded, slows unknown clients down on purpose (a tarpit), or a firewall in between swallows the conversation. Ask whoever runs the server to let this machine in without delay.",
    source: "RFC 5321 §4.5.3.2: timeouts per command",
  },
  {
    code: "relay.hung_up",
    when: { code: ["smtp.closed"] },
    title: "The relay hung up",
    explanation: "{host} closed the connection without a word while {doing}.",
    remedy:
      "Try again. If it stays, look into the server's own log: servers hang up on clients that they do not trust.",
    source: "RFC 5321 §3.8: a connection lost without 421; Node ECONNRESET, EPIPE",
  },
  {
    code: "relay.not_smtp",
    when: { code: ["smtp.protocol"] },
    title: "The answer is not SMTP",
    explanation: "{host} port {port} answered with something that no SMTP server says while {doing}.",
    remedy:
      "Check server and port. If a proxy, an antivirus or a firewall inspects the mail in between, leave this server out of it.",
    source: "RFC 5321 §4.2: syntax of replies",
  },
  {
    code: "relay.needs_utf8",
    when: { code: ["smtp.smtputf8_missing"] },
    title: "The relay cannot take this address",
    explanation: "An address has letters outside ASCII before the @, and {host} does not offer SMTPUTF8.",
    remedy: "Use an address in plain letters, or a relay that offers SMTPUTF8.",
    source: "RFC 6531 §3.2",
  },
];

const source = "RFC 5321 §4.2.1: what the first digit of a reply means";
const shared = {
  code: "unexplained",
  when: {},
  title: "It failed while {doing}",
  source,
} as const;

/** The rule for a failure that no other rule explains: the stage, the reply, and what the class of the reply allows. */
export function unexplained(replyCode: number | undefined): ExplanationRule {
  if (replyCode === undefined) {
    return {
      ...shared,
      explanation: "{message} It ended while {doing} ({systemCode}).",
      remedy: "Check server, port and Use TLS against what the provider writes, then try again.",
    };
  }
  const explanation = "While {doing}, {host} answered {said}.";
  return replyCode < 500
    ? {
        ...shared,
        explanation,
        remedy:
          "The server calls this temporary: try again in a few minutes. If it stays, show its answer to whoever runs it.",
      }
    : {
        ...shared,
        explanation,
        remedy:
          "The server calls this final. Look its answer up in the provider's help, or show it to whoever runs the server.",
      };
}
