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
    title: "The sender's domain does not vouch for this mail",
    explanation: "{host} found no proof (SPF, DKIM, DMARC) that mail from {from} may come this way: {said}.",
    remedy: "Set up SPF and DKIM for the domain of the from email as the provider of this relay describes.",
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
    title: "The relay's filter refuses the message",
    explanation: "{host} read the message and takes it for spam, or its rules forbid it: {said}.",
    remedy:
      "Check that the domain of the from email has SPF and DKIM for this relay, and ask the provider what it dislikes.",
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
    title: "The relay's last answer was lost",
    explanation:
      "The whole message went to {host}, but no answer came that says what became of it. It may have been taken or not.",
    remedy: "Look whether it arrived before you send it again yourself.",
    source: "RFC 1047; RFC 5321 §4.5.3.2.6",
  },
  {
    code: "message.refused",
    when: { stage: ["message"], reply: [5] },
    title: "The relay refuses the message",
    explanation: "{host} took sender and recipient, then refused the message: {said}.",
    remedy:
      "Look its answer up in the provider's help. Often the from email is not one that the account may use.",
    source: "RFC 5321 §4.3.2 and §4.2.5: DATA may be answered 552, 554, 550 or 503",
  },
  {
    code: "message.not_now",
    when: { stage: ["message"], reply: [4] },
    title: "The relay does not take the message now",
    explanation: "{host} asks to come back later: {said}.",
    remedy: "Nothing needs changing if it passes in some minutes: Sendwright tries again by itself.",
    source: "RFC 5321 §4.3.2: DATA may be answered 450, 451 or 452",
  },
];
