import type { ExplanationRule } from "./rule.ts";

/** Refusals of the message content. */
export const handoverRules: readonly ExplanationRule[] = [
  {
    code: "message.not_authenticated_domain",
    when: {
      stage: ["message"],
      reply: [4, 5],
      says: /DMARC|\bSPF\b|\bDKIM\b|5\.7\.26|unauthenticated (?:e?mail|message)/i,
    },
    title: "SPF, DKIM or DMARC check failed",
    explanation:
      "{host} couldn't confirm through SPF, DKIM or DMARC that this email may come from {from}: {said}.",
    remedy:
      "Set up SPF and DKIM for the domain of the From email, as the provider of this SMTP server describes.",
    source:
      "Gmail “550 5.7.26 Unauthenticated email … is not accepted due to domain's DMARC policy”; RFC 7372; RFC 7489 §10.3",
  },
  {
    code: "message.taken_for_spam",
    when: {
      stage: ["message"],
      reply: [4, 5],
      says: /spam|unsolicited|junk|virus|content (?:rejected|denied|filter)|suspicious|(?:local policy|policy (?:reasons|restrictions))/i,
    },
    title: "The spam filter rejected the message",
    explanation: "{host} considers the message spam, or its policy forbids the message: {said}.",
    remedy:
      "Check that the domain of the From email has SPF and DKIM for this SMTP server. Then ask the provider what its filter objects to.",
    source:
      "RFC 5321 §4.2.5 and §7.9; Gmail “550 5.7.1 … likely unsolicited mail”; GMX, WEB.DE and IONOS “554 Reject due to policy restrictions”; Postfix header_checks and milters",
  },
  {
    code: "message.blocked_content",
    when: {
      stage: ["message"],
      reply: [5],
      says: /content presents a potential security issue|illegal attachment/i,
    },
    title: "The SMTP server blocked an attachment",
    explanation: "{host} found something in the message that it never accepts, such as a program: {said}.",
    remedy:
      "Remove attachments that can run, such as .exe or .js, also from archives. Send a link to them instead.",
    source:
      "Gmail “552 5.7.0 This message was blocked because its content presents a potential security issue”",
  },
  {
    code: "message.outcome_unknown",
    when: { code: ["smtp.unknown_outcome"] },
    title: "The final reply was lost",
    explanation:
      "Sendwright sent the whole message to {host}, but received no reply. The server may or may not have accepted it.",
    remedy: "Check whether the email arrived before you send it again.",
    source: "RFC 1047; RFC 5321 §4.5.3.2.6",
  },
  {
    code: "message.refused",
    when: { stage: ["message"], reply: [5] },
    title: "The SMTP server rejected the message",
    explanation: "{host} accepted the sender and the recipient, then rejected the message: {said}.",
    remedy:
      "Look up this reply in the provider's help. Often the account isn't allowed to use the From email.",
    source: "RFC 5321 §4.3.2 and §4.2.5: DATA may get the reply 552, 554, 550 or 503",
  },
  {
    code: "message.not_now",
    when: { stage: ["message"], reply: [4] },
    title: "The server temporarily rejected the message",
    explanation: "{host} asked Sendwright to try again later: {said}.",
    remedy:
      "Wait a few minutes. Sendwright retries queued emails automatically, and you don't need to change anything.",
    source: "RFC 5321 §4.3.2: DATA may get the reply 450, 451 or 452",
  },
];
