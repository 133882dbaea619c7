import { SendwrightError, type SmtpFailure } from "../../src/core/errors.ts";
import type { SmtpReply, Stage } from "../../src/core/model.ts";
import type { AttemptEnd } from "../../src/delivery/outcome.ts";

/** A reply as a relay writes it: `550 5.4.5 Daily limit`. */
export function replyOf(line: string): SmtpReply {
  const [, code = "", enhancedCode = null, text = ""] =
    /^(\d{3})(?: ([245]\.\d+\.\d+))?(?: (.*))?$/.exec(line) ?? [];
  return { code: Number(code), enhancedCode, lines: [text] };
}

export function answered(line: string, stage: Stage = "message"): AttemptEnd {
  const reply = replyOf(line);
  const outcome = reply.code < 400 ? "sent" : reply.code < 500 ? "temporary" : "permanent";
  const recipients = [{ address: "jo@example.com", outcome, reply } as const];
  const bodyStarted = stage === "message";
  return { kind: "answered", result: { recipients, reply, stage, bodyStarted, lost: null, durationMs: 5 } };
}

export const sent = answered("250 2.0.0 Ok");

export function failed(code: SendwrightError["code"], message: string, smtp?: SmtpFailure): AttemptEnd {
  return { kind: "failed", error: new SendwrightError(code, message, smtp && { smtp }) };
}

export const unreachable = failed("smtp.connect", "smtp.example.com:587 refuses connections.", {
  stage: "connect",
  systemCode: "ECONNREFUSED",
});
export const passwordRefused = failed("smtp.auth_rejected", "The relay refused the password.", {
  stage: "auth",
  reply: replyOf("535 5.7.8 No"),
});
export const noNetwork = failed("smtp.connect", "This machine has no network.", {
  stage: "connect",
  systemCode: "ENETUNREACH",
});
