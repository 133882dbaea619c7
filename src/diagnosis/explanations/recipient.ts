import type { Stage } from "../../core/model.ts";
import type { ExplanationRule } from "./rule.ts";

/** The stages in which a relay may refuse the sender: at MAIL FROM, at the first RCPT TO, or after the content. */
const fromSenderOn: readonly Stage[] = ["sender", "recipient", "message"];

const relayingDenied =
  /relay(?:ing)? (?:access )?(?:denied|not permitted|not allowed|prohibited|disallowed)|unable to relay|not permitted to relay|cannot relay|no relaying|not allowed to relay|relay not|we do not relay|denied to relay/i;

/** Refusals of the sender and of the recipient. */
export const addressRules: readonly ExplanationRule[] = [
  {
    code: "recipient.withheld",
    when: { code: ["email.withheld"] },
    title: "Sendwright withheld this recipient",
    explanation: "SENDWRIGHT_RECIPIENTS doesn't allow mail to this address, so Sendwright sent nothing.",
    remedy:
      "Send to an address that SENDWRIGHT_RECIPIENTS allows, or add this one to it and restart Sendwright.",
    source: "SENDWRIGHT_RECIPIENTS, which is set where Sendwright is started",
  },
  {
    code: "sender.ses_not_verified",
    when: {
      stage: fromSenderOn,
      reply: [5],
      says: /Email address is not verified.*identities failed the check/i,
    },
    title: "Amazon SES hasn't verified this address",
    explanation:
      "Amazon SES accepts mail only from verified addresses or domains and, in its sandbox, only to verified ones: {said}.",
    remedy:
      "Verify the address in the SES console, in the region of this server. To send to any address, ask AWS to move the account out of the sandbox.",
    source:
      "Amazon SES: “554 Message rejected: Email address is not verified. The following identities failed the check in region …”",
  },
  {
    code: "sender.ses_permission",
    when: { stage: fromSenderOn, reply: [5], says: /not authorized to perform.{0,3}ses:/i },
    title: "These credentials can't send as this address",
    explanation: "The AWS user behind the SMTP credentials lacks the permission ses:SendRawEmail: {said}.",
    remedy:
      "Allow this user ses:SendRawEmail for the identity of {from} in the AWS IAM console. Or create new SMTP credentials in the SES console.",
    source:
      "Amazon SES: “554 Access denied: User … is not authorized to perform `ses:SendRawEmail' on resource …”",
  },
  {
    code: "sender.microsoft_send_as_denied",
    when: {
      stage: fromSenderOn,
      reply: [5],
      says: /SendAsDenied|does not have permissions to send as this sender/i,
    },
    title: "This account can't send as this address",
    explanation:
      "Microsoft 365 lets {username} send only as itself or as mailboxes that it has Send As permission for: {said}.",
    remedy:
      "Use {username} as the From email, or give that account the Send As permission for {from} in the Exchange admin center.",
    source:
      "Exchange Online: “550 5.7.60 SMTP; Client does not have permissions to send as this sender”, “554 5.2.252 SendAsDenied”",
  },
  {
    code: "sender.sendgrid_not_verified",
    when: { stage: fromSenderOn, reply: [5], says: /does not match a verified Sender Identity/i },
    title: "SendGrid hasn't verified this sender",
    explanation: "SendGrid accepts mail only from verified senders, and {from} isn't one of this account's.",
    remedy:
      "Verify the address or its domain in SendGrid under Sender Authentication, or use a verified one as the From email.",
    source: "SendGrid: “550 The from address does not match a verified Sender Identity”",
  },
  {
    code: "recipient.mailgun_sandbox",
    when: {
      stage: fromSenderOn,
      says: /(?:Sandbox subdomains|Free accounts) are for test purposes only|authorized recipients/i,
    },
    title: "Mailgun sandbox allows only authorized recipients",
    explanation:
      "This Mailgun domain is a sandbox, or the account is a free one. It can only send to authorized recipients.",
    remedy:
      "Add your own domain in Mailgun and use it as the sender, or add the recipient to the authorized recipients there.",
    source:
      "Mailgun: “Sandbox subdomains are for test purposes only. Please add your own domain or add the address to authorized recipients”",
  },
  {
    code: "sender.postmark_signature",
    when: { stage: fromSenderOn, reply: [4, 5], says: /Sender Signature/i },
    title: "Postmark hasn't confirmed this sender",
    explanation:
      "Postmark accepts mail only from confirmed sender signatures or domains, and {from} isn't one of them.",
    remedy: "Confirm {from} or its domain in Postmark under Sender Signatures.",
    source: "Postmark: “… is not a Sender Signature on your account”",
  },
  {
    code: "sender.zoho_not_own",
    when: { stage: fromSenderOn, reply: [553], says: /Relaying disallowed|Sender is not allowed to relay/i },
    title: "This account can't send as this address",
    explanation:
      "Zoho accepts mail from {username} only if the sender address belongs to that account: {said}.",
    remedy:
      "Use {username} or one of its aliases as the From email. Check too that the server matches the account's region (zoho.com, zoho.eu …).",
    source: "Zoho Mail: “553 Relaying disallowed as …”",
  },
  {
    code: "sender.not_verified",
    when: {
      stage: fromSenderOn,
      reply: [5],
      says: /(?:domain|sender|from|address)\b.{0,80}\bnot (?:been |yet )?(?:verified|associated with your account)|verify the sender domain/i,
    },
    title: "The provider hasn't verified this sender",
    explanation: "{host} accepts mail only from addresses or domains that the account has verified: {said}.",
    remedy:
      "Verify the domain of {from} in the provider's settings (with DNS records), or use a verified address as the From email.",
    source:
      "SMTP2GO “550-From header sender domain not verified”; Plunk “550 This domain is not associated with your account”; Resend “The … domain is not verified”",
  },
  {
    code: "account.microsoft_restricted",
    when: {
      stage: fromSenderOn,
      reply: [5],
      says: /bad outbound sender|tenant has exceeded threshold|^\d{3} 5\.7\.70[58]\b/i,
    },
    title: "Microsoft restricted sending",
    explanation:
      "Microsoft 365 currently doesn't let this account or organization send, mostly because earlier mail looked like spam: {said}.",
    remedy:
      "Ask your Microsoft 365 administrator to check Restricted entities in the Microsoft Defender portal, and to lift the restriction.",
    source:
      "Exchange Online: “550 5.1.8 Access denied, bad outbound sender”, “550 5.7.705 Access denied, tenant has exceeded threshold”, “550 5.7.708 Access denied, traffic not accepted from this IP”",
  },
  {
    code: "account.ses_paused",
    when: { stage: fromSenderOn, reply: [5], says: /Sending paused for this account/i },
    title: "Amazon SES paused this account",
    explanation: "Amazon SES sends nothing for this account until AWS lifts the pause: {said}.",
    remedy: "Check the inbox of the AWS account and the SES console, where AWS gives the reason.",
    source: "Amazon SES: “554 Message rejected: Sending paused for this account”",
  },
  {
    code: "account.brevo_not_activated",
    when: { says: /SMTP account is not (?:yet )?activated/i },
    title: "Brevo hasn't activated this account",
    explanation: "Authentication worked, but Brevo doesn't send for this account yet: {said}.",
    remedy: "Ask Brevo's support to activate transactional email (SMTP) for the account.",
    source: "Brevo: “502 5.7.0 Your SMTP account is not yet activated”",
  },
  {
    code: "account.zoho_blocked",
    when: { stage: fromSenderOn, reply: [5], says: /unusual sending activity|Email Outgoing Blocked/i },
    title: "Zoho blocked sending",
    explanation: "Zoho noticed unusual sending from this account and blocked it: {said}.",
    remedy:
      "Sign in at mail.zoho.com and lift the block there. Keep within Zoho's usage policy from then on.",
    source: "Zoho Mail: “550 5.4.6 Unusual sending activity detected”, “554 5.1.8 Email Outgoing Blocked”",
  },
  {
    code: "sender.malformed",
    when: {
      stage: fromSenderOn,
      reply: [5],
      says: /sender address rejected: need fully|domain must contain at least one dot|\b5\.1\.7\b|(?:bad|invalid|malformed) sender (?:address )?(?:syntax|format)/i,
    },
    title: "The From email isn't a full address",
    explanation: "{host} doesn't accept {from} as a full email address: {said}.",
    remedy: "Use a From email with a full domain, such as shop@example.com.",
    source:
      "Postfix reject_non_fqdn_sender “504 5.5.2 … Sender address rejected: need fully-qualified address”; RFC 3463 X.1.7: bad sender's mailbox address syntax",
  },
  {
    code: "sender.not_own",
    when: {
      stage: fromSenderOn,
      reply: [5],
      says: /not owned by (?:user|auth)|not one of your addresses|sender address is not allowed|sender not authori[sz]ed|must (?:be same as|equal) authori[sz]|not allowed to send (?:as|from)|sender address.*(?:does(?: not|n't) match|must match)|not authori[sz]ed to (?:send|use)|unauthori[sz]ed sender|sender not allowed/i,
    },
    title: "This account can't send as this address",
    explanation: "{host} doesn't let {username} send as {from}: {said}.",
    remedy:
      "Use an address of this account as the From email, or allow this sender for the account at the provider.",
    source:
      "Postfix reject_sender_login_mismatch: “553 5.7.1 …: Sender address rejected: not owned by user …”; GMX and IONOS “550 Sender address is not allowed”; QQ Mail “501 mail from address must be same as authorization user”; RFC 6409 §6.1",
  },
  {
    code: "sender.unknown_domain",
    when: {
      stage: fromSenderOn,
      reply: [4, 5],
      says: /sender address rejected: (?:domain|undeliverable|unverified)|domain of sender address .* does not|sender (?:domain )?(?:verify|verification) failed|verification failed for|sender domain must exist|unrouteable sender|sender.*domain.*not (?:found|exist)/i,
    },
    title: "The sender's mailbox wasn't found",
    explanation: "{host} found no mail server or mailbox for {from}: {said}.",
    remedy:
      "Use a From email that exists and accepts mail. Check its spelling, and that its domain has an MX or address record in the DNS.",
    source: "Postfix reject_unknown_sender_domain; Exim “550 Sender verify failed”; RFC 3463 X.1.8",
  },
  {
    code: "recipient.relay_denied",
    when: {
      stage: fromSenderOn,
      reply: [4, 5],
      says: relayingDenied,
      signsIn: false,
    },
    title: "The SMTP server requires authentication",
    explanation: "Without authentication, {host} accepts mail only for its own domains: {said}.",
    remedy:
      "Enter the username and password, or ask the server's administrator to allow this machine's IP address.",
    source:
      "Postfix “554 5.7.1 …: Relay access denied”; Exchange “550 5.7.54 Unable to relay recipient in non-accepted domain”; Exim “550 relay not permitted”",
  },
  {
    code: "recipient.relay_denied_signed_in",
    when: {
      stage: fromSenderOn,
      reply: [4, 5],
      says: relayingDenied,
      signsIn: true,
    },
    title: "The server rejected mail from this account",
    explanation:
      "{host} accepted the authentication of {username}, but rejected mail from {from} to {to}: {said}.",
    remedy:
      "Check that this is the provider's outgoing server, that the From email belongs to the account, and that the account can send.",
    source: "RFC 3463 X.7.1: “Delivery not authorized, message refused”",
  },
  {
    code: "recipient.greylisted",
    when: {
      stage: ["recipient", "message"],
      reply: [4],
      says: /gr[ae]y-?list|try again (?:later|in)|postgrey/i,
    },
    title: "The server asked to try later (greylisting)",
    explanation:
      "{host} asked Sendwright to try again later, as it does with senders that it doesn't know yet: {said}.",
    remedy:
      "Wait a few minutes, then test again. Sendwright retries queued emails automatically, and you don't need to change anything.",
    source: "RFC 6647: greylisting",
  },
  {
    code: "relay.no_service",
    when: { stage: fromSenderOn, reply: [4, 5], says: /service currently unavailable|service unavailable$/i },
    title: "The server accepts no mail right now",
    explanation:
      "{host} accepted the connection, but no mail: {said}. Servers reply like this to IP addresses that they are checking or don't trust.",
    remedy:
      "Use port 587 or 465 with authentication. If this port is right, try again in a few minutes. After that, ask the server's administrator to allow this machine's IP address.",
    source: "Postfix postscreen(8): “450 4.3.2 Service currently unavailable”, “550 5.3.2 …” at RCPT",
  },
  {
    code: "recipient.too_many",
    when: { stage: ["recipient", "message"], reply: [4, 5], says: /too many recipients|\b[45]\.5\.3\b/i },
    title: "Too many recipients in one email",
    explanation: "{host} accepts fewer recipients in one message: {said}.",
    remedy: "Send the email to fewer recipients at once.",
    source: "RFC 5321 §4.5.3.1.10: 452 too many recipients; Postfix “452 4.5.3 Error: too many recipients”",
  },
  {
    code: "recipient.disabled",
    when: { stage: ["recipient", "message"], reply: [5], enhancedCode: ["5.2.1"] },
    title: "The recipient's mailbox is disabled",
    explanation: "{host} replied that the mailbox {to} is disabled: {said}.",
    remedy: "Use another recipient.",
    source: "RFC 3463 X.2.1: mailbox disabled, not accepting messages",
  },
  {
    code: "recipient.mailbox_full",
    when: {
      stage: ["recipient", "message"],
      reply: [4, 5],
      says: /^\d{3} [45]\.2\.2\b|mailbox (?:is )?(?:full|over|size limit)|over ?quota|quota exceeded|exceeded storage allocation|out of storage/i,
    },
    title: "The recipient's mailbox is full",
    explanation: "{host} replied that the mailbox of {to} has no space left: {said}.",
    remedy: "Use another recipient, or ask the mailbox's owner to free space.",
    source: "RFC 3463 X.2.2: mailbox full; RFC 5321 §4.2.3: 552 exceeded storage allocation",
  },
  {
    code: "recipient.busy",
    when: {
      stage: ["recipient", "message"],
      reply: [4, 5],
      says: /receiving mail (?:at a rate|too quickly)/i,
    },
    title: "The recipient receives too much mail",
    explanation: "{host} replied that more mail arrives for {to} than it accepts: {said}.",
    remedy:
      "Wait, because Sendwright retries queued emails automatically. Check that nothing sends to this recipient in a loop.",
    source: "Gmail “450 4.2.1 The user you are trying to contact is receiving mail at a rate that …”",
  },
  {
    code: "recipient.unknown",
    when: {
      stage: ["recipient", "message"],
      reply: [5],
      enhancedCode: ["5.1.1", "5.1.10", "5.1.3", "5.1.2", "5.2.4"],
    },
    title: "Recipient not found",
    explanation: "{host} replied that {to} doesn't exist: {said}.",
    remedy: "Check the spelling of the address.",
    source:
      "RFC 3463 X.1.1 to X.1.3: bad destination; Exchange Online 5.1.10; OpenSMTPD “524 5.2.4 Mailing list expansion problem”",
  },
  {
    code: "sender.refused_later",
    when: {
      stage: ["recipient", "message"],
      reply: [5],
      says: /sender address|from address|\bsender\b.*(?:reject|refus|denied|invalid|not valid)|5\.1\.[78]/i,
    },
    title: "The SMTP server rejected the sender",
    explanation: "{host} rejected mail from {from}: {said}.",
    remedy: "Use a From email that the provider has verified or that belongs to the account.",
    source:
      "Postfix smtpd_delay_reject=yes (default): the sender is judged with the recipient; RFC 3463 X.1.7, X.1.8",
  },
  {
    code: "sender.refused",
    when: { stage: ["sender"], reply: [5] },
    title: "The SMTP server rejected the sender",
    explanation: "{host} rejected mail from {from}: {said}.",
    remedy: "Use a From email that the provider has verified or that belongs to the account.",
    source: "RFC 5321 §4.3.2: MAIL may get the reply 550, 553, 555 or 503; RFC 3463 X.1.7, X.1.8",
  },
  {
    code: "sender.not_now",
    when: { stage: ["sender"], reply: [4] },
    title: "The server temporarily rejected the sender",
    explanation: "{host} temporarily rejected mail from {from}: {said}.",
    remedy:
      "Try again in a few minutes. If it keeps failing, check that the domain of the From email exists.",
    source: "RFC 5321 §4.3.2: MAIL may get the reply 451, 452 or 455",
  },
  {
    code: "recipient.refused",
    when: { stage: ["recipient"], reply: [5] },
    title: "The SMTP server rejected the recipient",
    explanation: "{host} rejected mail to {to}: {said}.",
    remedy:
      "Check the address. If it is right, check whether the server requires authentication to deliver to this domain.",
    source: "RFC 5321 §4.3.2: RCPT may get the reply 550, 551, 553, 503 or 555",
  },
  {
    code: "recipient.not_now",
    when: { stage: ["recipient"], reply: [4] },
    title: "The server temporarily rejected the recipient",
    explanation: "{host} temporarily rejected mail to {to}: {said}.",
    remedy:
      "Wait a few minutes, because Sendwright retries queued emails automatically. If it keeps failing, ask the server's administrator to look up the reason in the server's log.",
    source:
      "RFC 5321 §4.3.2: RCPT may get the reply 450, 451, 452 or 455; Exim “451 Temporary local problem - please try later”",
  },
];
