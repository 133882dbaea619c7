import { describe, expect, test } from "vitest";
import type { Stage } from "../core/model.ts";
import { evidenceOf } from "../delivery/evidence.ts";
import { ReplyParser } from "../smtp/reply.ts";
import { explain } from "./explain.ts";

/** The reply as it comes over the wire; the lines of a longer one are parted by "\n". */
interface Said {
  readonly code: string;
  readonly stage: Stage;
  readonly says: string;
  readonly host?: string;
}

interface Provider {
  readonly name: string;
  /** Where the replies stand: the provider's own pages, or the software that says them. */
  readonly source: string;
  readonly host: string;
  readonly replies: readonly (readonly [code: string, stage: Stage, says: string])[];
}

const providers: readonly Provider[] = [
  {
    name: "Gmail and Google Workspace",
    source: "https://support.google.com/a/answer/3726730 and https://support.google.com/a/answer/3221692",
    host: "smtp.gmail.com",
    replies: [
      [
        "relay.daily_quota",
        "message",
        "550-5.4.5 Daily user sending limit exceeded. For more information on Gmail\n550-5.4.5 sending limits go to\n550 5.4.5  https://support.google.com/a/answer/166852 a1-20020 - gsmtp",
      ],
      [
        "relay.daily_quota",
        "sender",
        "550 5.7.1 Daily SMTP relay limit exceeded for customer. For more information on SMTP relay limits go to https://support.google.com/a/answer/6140680",
      ],
      [
        "message.too_large_refused",
        "message",
        "552-5.3.4 Your message exceeded Google's message size limits. For more information,\n552 5.3.4 go to https://support.google.com/mail/?p=MaxSizeError - gsmtp",
      ],
      [
        "recipient.mailbox_full",
        "recipient",
        "452-4.2.2 The recipient's inbox is out of storage space. Please direct the recipient to\n452 4.2.2 https://support.google.com/mail/?p=OverQuotaTemp - gsmtp",
      ],
      [
        "recipient.mailbox_full",
        "recipient",
        "552-5.2.2 The recipient's inbox is out of storage space and inactive. Please direct\n552 5.2.2 the recipient to https://support.google.com/mail/?p=OverQuotaPerm - gsmtp",
      ],
      [
        "recipient.busy",
        "recipient",
        "450-4.2.1 The user you are trying to contact is receiving mail at a rate that\n450 4.2.1 prevents additional messages from being delivered. - gsmtp",
      ],
      ["recipient.too_many", "recipient", "452 4.5.3 Your message has too many recipients. - gsmtp"],
      [
        "recipient.disabled",
        "recipient",
        "550 5.2.1 The email account that you tried to reach is disabled. - gsmtp",
      ],
      [
        "recipient.unknown",
        "recipient",
        "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550 5.1.1 double-checking the recipient's email address for typos - gsmtp",
      ],
      [
        "message.blocked_content",
        "message",
        "552-5.7.0 This message was blocked because its content presents a potential\n552 5.7.0 security issue. - gsmtp",
      ],
      [
        "message.taken_for_spam",
        "message",
        "550-5.7.1 Our system has detected that this message is likely\n550 5.7.1 unsolicited mail. - gsmtp",
      ],
      [
        "message.not_authenticated_domain",
        "message",
        "550-5.7.26 Your email has been blocked because the sender is unauthenticated.\n550 5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.",
      ],
      [
        "auth.too_many_attempts",
        "auth",
        "454 4.7.0 Too many login attempts, please try again later. - gsmtp",
      ],
    ],
  },
  {
    name: "Exchange Online",
    source:
      "https://learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr/non-delivery-reports-in-exchange-online",
    host: "smtp.office365.com",
    replies: [
      [
        "relay.daily_quota",
        "message",
        "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a permanent exception with message The message can't be submitted because the sender's submission quota was exceeded.",
      ],
      [
        "relay.daily_quota",
        "message",
        "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
      ],
      [
        "sender.microsoft_send_as_denied",
        "message",
        "554 5.2.252 SendAsDenied; app@example.com not allowed to send as shop@example.com; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception with message Cannot submit message.",
      ],
      [
        "sender.microsoft_send_as_denied",
        "message",
        "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception with message Cannot submit message. 0.35250:0A00AE84",
      ],
      [
        "sender.microsoft_send_as_denied",
        "message",
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
      ],
      ["relay.rate_limited", "message", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded"],
      [
        "relay.rate_limited",
        "message",
        "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending",
      ],
      ["account.microsoft_restricted", "message", "550 5.1.8 Access denied, bad outbound sender AS(42004)"],
      [
        "account.microsoft_restricted",
        "recipient",
        "550 5.7.705 Access denied, tenant has exceeded threshold",
      ],
      [
        "account.microsoft_restricted",
        "recipient",
        "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.",
      ],
      ["message.too_large_refused", "message", "552 5.3.4 Message size exceeds fixed maximum message size"],
      [
        "message.too_large_refused",
        "recipient",
        "550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient",
      ],
      [
        "recipient.unknown",
        "recipient",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
      ],
      [
        "recipient.mailbox_full",
        "message",
        "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; Failed to process message due to a permanent exception with message [BeginDiagnosticData]Cannot open mailbox.",
      ],
    ],
  },
  {
    name: "Amazon SES",
    source: "https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html",
    host: "email-smtp.eu-west-1.amazonaws.com",
    replies: [
      ["relay.rate_limited", "message", "454 Throttling failure: Maximum sending rate exceeded."],
      ["relay.daily_quota", "message", "454 Throttling failure: Daily message quota exceeded."],
      [
        "account.ses_paused",
        "message",
        "554 Message rejected: Sending paused for this account. For more information, please check the inbox of the email address associated with your AWS account.",
      ],
      [
        "sender.ses_not_verified",
        "message",
        "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: shop@example.com",
      ],
      ["message.too_large_refused", "message", "552 Message is too long."],
    ],
  },
  {
    name: "SendGrid",
    source:
      "https://www.twilio.com/docs/sendgrid/for-developers/sending-email/smtp-errors-and-troubleshooting",
    host: "smtp.sendgrid.net",
    replies: [
      ["relay.rate_limited", "recipient", "452 Too many recipients received this hour"],
      ["relay.rate_limited", "greeting", "421 Too many concurrent connections"],
      ["auth.sendgrid_credits", "auth", "451 Authentication failed: Maximum credits exceeded"],
      [
        "sender.sendgrid_not_verified",
        "message",
        "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
      ],
      ["message.too_large_refused", "message", "552 message exceeds maximum size"],
    ],
  },
  {
    name: "cPanel with Exim, as at many hosting providers",
    source: "https://docs.cpanel.net/knowledge-base/email/ and the Exim configuration of cPanel",
    host: "mail.example.com",
    replies: [
      [
        "relay.rate_limited",
        "message",
        "550 Domain example.com has exceeded the max emails per hour (150/150 (100%)) allowed. Message discarded.",
      ],
      [
        "relay.rate_limited",
        "recipient",
        "550 Domain example.com has exceeded the max defers and failures per hour (5/5 (100%)) allowed. Message discarded.",
      ],
      ["message.too_large_refused", "sender", "552 Message size exceeds maximum permitted"],
      ["message.too_large_refused", "message", "552 Message size exceeds maximum permitted"],
      ["relay.rate_limited", "recipient", "451 Sender rate overlimit - 120.0 / 1h"],
    ],
  },
  {
    name: "IONOS, GMX and WEB.DE",
    source: "https://postmaster.1and1.com/en/case?c=hi",
    host: "smtp.ionos.de",
    replies: [
      [
        "relay.rate_limited",
        "recipient",
        "450 Requested mail action not taken: mailbox unavailable Mail send limit exceeded.",
      ],
      ["message.taken_for_spam", "message", "554 Transaction failed Reject due to policy restrictions."],
      [
        "sender.not_own",
        "message",
        "550 Requested action not taken: mailbox unavailable Sender address is not allowed.",
      ],
      [
        "message.too_large_refused",
        "sender",
        "552 Requested mail action aborted: exceeded storage allocation; Message size exceeds fixed limit",
      ],
    ],
  },
  {
    name: "QQ Mail",
    source: "https://service.mail.qq.com/detail/124/57",
    host: "smtp.qq.com",
    replies: [
      ["relay.rate_limited", "sender", "550 Sender frequency limited"],
      [
        "auth.qq_authorization_code",
        "auth",
        "535 Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, or system is busy.",
      ],
      ["sender.not_own", "sender", "501 mail from address must be same as authorization user"],
      ["message.taken_for_spam", "message", "550 Mail content denied."],
    ],
  },
  {
    name: "Zoho Mail",
    source: "https://help.zoho.com/portal/en/kb/mail/troubleshooting",
    host: "smtp.zoho.eu",
    replies: [
      [
        "account.zoho_blocked",
        "message",
        "550 5.4.6 Unusual sending activity detected. Please try after sometime",
      ],
      ["account.zoho_blocked", "recipient", "554 5.1.8 Email Outgoing Blocked"],
      ["sender.zoho_not_own", "recipient", "553 Relaying disallowed as shop@example.com"],
    ],
  },
  {
    name: "Yahoo",
    source: "https://senders.yahooinc.com/smtp-error-codes/",
    host: "smtp.mail.yahoo.com",
    replies: [
      [
        "message.not_now",
        "message",
        "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1",
      ],
      [
        "message.taken_for_spam",
        "message",
        "554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes",
      ],
      ["recipient.mailbox_full", "recipient", "552 5.2.2 Mailbox over quota"],
    ],
  },
  {
    name: "iCloud",
    source: "https://support.apple.com/102322",
    host: "smtp.mail.me.com",
    replies: [
      [
        "message.taken_for_spam",
        "message",
        "554 5.7.1 [HM08] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137",
      ],
      ["recipient.mailbox_full", "recipient", "552 5.2.2 pat@example.net: user is over quota"],
      ["message.too_large_refused", "sender", "552 5.3.4 Message size exceeds fixed limit"],
    ],
  },
  {
    name: "Postfix",
    source: "smtpd(8), postconf(5) and the source of smtpd.c",
    host: "mail.example.com",
    replies: [
      ["message.too_large_refused", "sender", "552 5.3.4 Message size exceeds fixed limit"],
      ["message.too_large_refused", "message", "552 5.3.4 Error: message file too big"],
      ["relay.storage_full", "sender", "452 4.3.1 Insufficient system storage"],
      ["recipient.too_many", "recipient", "452 4.5.3 Error: too many recipients"],
      ["relay.rate_limited", "sender", "450 4.7.1 Error: too much mail from 192.0.2.1"],
      ["relay.rate_limited", "recipient", "450 4.7.1 Error: too many recipients from 192.0.2.1"],
      [
        "recipient.unknown",
        "recipient",
        "550 5.1.1 <pat@example.net>: Recipient address rejected: User unknown in local recipient table",
      ],
      ["recipient.relay_denied_signed_in", "recipient", "554 5.7.1 <pat@example.net>: Relay access denied"],
      [
        "sender.not_own",
        "recipient",
        "553 5.7.1 <shop@example.com>: Sender address rejected: not owned by user jo@example.com",
      ],
    ],
  },
  {
    name: "Dovecot",
    source: "https://doc.dovecot.org/main/core/plugins/quota.html: quota_exceeded_message",
    host: "mail.example.com",
    replies: [
      [
        "recipient.mailbox_full",
        "recipient",
        "552 5.2.2 <pat@example.net> Quota exceeded (mailbox for user is full)",
      ],
      [
        "recipient.mailbox_full",
        "recipient",
        "452 4.2.2 <pat@example.net> Quota exceeded (mailbox for user is full)",
      ],
      [
        "recipient.mailbox_full",
        "recipient",
        "552 5.2.2 <pat@example.net>: Recipient address rejected: Mailbox size limit exceeded",
      ],
    ],
  },
  {
    name: "hMailServer and MailEnable",
    source: "https://www.hmailserver.com/documentation and its source, SMTPConnection.cpp",
    host: "mail.example.com",
    replies: [
      [
        "message.too_large_refused",
        "sender",
        "552 Message size exceeds fixed maximum message size. Size: 30000 KB, Max size: 20480 KB",
      ],
      ["message.too_large_refused", "message", "554 Rejected - Message exceeds maximum allowed size"],
    ],
  },
  {
    name: "a server that says what RFC 5321 suggests",
    source: "RFC 5321 §4.2.3; RFC 1870 §6.2",
    host: "mail.example.com",
    replies: [
      [
        "recipient.mailbox_full",
        "recipient",
        "552 Requested mail action aborted: exceeded storage allocation",
      ],
      ["message.too_large_refused", "sender", "552 message size exceeds fixed maximum message size"],
      ["message.too_large_refused", "message", "552 message too large"],
      ["message.refused", "message", "554 Transaction failed"],
      ["message.refused", "message", "554 5.6.0 This message exceeded the number of hops"],
    ],
  },
];

function replyOf(says: string) {
  const wire = says.replaceAll("\n", "\r\n");
  const parsed = new ReplyParser().push(Buffer.from(`${wire}\r\n`))[0];
  if (parsed?.kind !== "reply") throw new Error(`${says} is no reply`);
  return parsed.reply;
}

function explained({ stage, says, host = "mail.example.com" }: Omit<Said, "code">) {
  const reply = replyOf(says);
  return explain({
    stage,
    code: stage === "auth" ? "smtp.auth_rejected" : "smtp.rejected",
    reply: { ...reply, text: reply.lines.join("\n") },
    relay: { host, port: 587, tls: "starttls", ownAuthority: false },
    username: "jo@example.com",
    fromEmail: "shop@example.com",
    recipient: "pat@example.net",
    authMethod: "auto",
    encrypted: true,
  });
}

describe.each(providers)("what $name says", ({ host, replies }) => {
  test.each(replies)("is %s at %s: %j", (code, stage, says) => {
    expect(explained({ stage, says, host }).code).toBe(code);
  });
});

const all = providers.flatMap(({ host, replies }) =>
  replies.map(([code, stage, says]): Said => ({ code, stage, says, host })),
);

/** What delivery makes of a reply to the config's own sender. */
function evidenceFor({ stage, says }: Said) {
  const reply = replyOf(says);
  const outcome = reply.code < 500 ? "temporary" : "permanent";
  const recipients = [{ address: "pat@example.net", outcome, reply } as const];
  const answer = { reply: stage === "message" ? reply : null, lost: null, durationMs: 1, bodyStarted: true };
  return evidenceOf({
    end: { kind: "answered", result: { recipients, stage, ...answer } },
    attempt: { outcome, stage },
    ...{ from: "shop@example.com", isOwnSender: true },
    isKnownGood: true,
    now: 0,
  });
}

test("a daily quota is what delivery takes for one: it says that emails stay queued", () => {
  const quotas = all.filter(({ code }) => code === "relay.daily_quota");
  expect(quotas.length).toBeGreaterThan(4);
  for (const each of quotas) {
    const { host, ...said } = each;
    expect(evidenceFor(each), each.says).toEqual({ fails: "quota" });
    expect(explained({ ...said, ...(host === undefined ? {} : { host }) }).remedy).toContain("queued");
  }
});

test("what is explained as a fault of the sender or of the account keeps emails queued too", () => {
  const ofConfig = all.filter(({ code, says }) => /^(?:sender|account)\./.test(code) && says.startsWith("5"));
  expect(ofConfig.length).toBeGreaterThan(8);
  for (const each of ofConfig)
    expect(evidenceFor(each), `${each.code}: ${each.says}`).toEqual({ fails: "config" });
});

test("only what is about the size is too large", () => {
  const tooLarge = all.filter(({ code }) => code.startsWith("message.too_large"));
  for (const { says } of tooLarge) expect(says).toMatch(/size|big|large|long/i);
});
