import { type ErrorCode, errorTable } from "../core/errors.ts";
import { type Stage, stages } from "../core/model.ts";
import type { Relay } from "../smtp/relay.ts";
import type { Attempt, Refusal } from "../store/tables/emails.ts";
import { explain, type Problem } from "./explain.ts";

/**
 * Explains an attempt from the log with the words of Test Connection; null where there is nothing to
 * explain, or where it failed before any relay was asked: then the attempt's own words say why.
 * @param options.namesAccount whether the reader may learn which account the config signs in with
 */
export function explainAttempt(
  attempt: Attempt,
  { namesAccount }: { readonly namesAccount: boolean },
): Omit<Problem, "fix"> | null {
  const { failure, outcome, relayHost, stage } = attempt;
  if (outcome === "sent" || relayHost === null || stage === null) return null;
  const code = codeOf(attempt);
  // After a lost answer, what the relay said before says nothing about the message.
  const reply = code === "smtp.unknown_outcome" ? null : (failure?.refusal ?? refusalOf(attempt));
  if (code === "smtp.rejected" && reply === null) return null;
  const {
    code: row,
    title,
    explanation,
    remedy,
  } = explain({
    // Who was refused while others were taken, was refused when named.
    stage: failure?.refusal == null ? stage : "recipient",
    code,
    message: attempt.code === null ? (attempt.reply ?? undefined) : undefined,
    reply: reply ?? undefined,
    relay: {
      host: relayHost,
      port: failure?.port,
      tls: failure?.tls,
      ownAuthority: failure?.ownAuthority,
    },
    username: namesAccount || failure?.username === null ? failure?.username : undefined,
    fromEmail: failure?.from,
    recipient: failure?.recipient ?? undefined,
    allowCleartextAuth: failure?.allowCleartextAuth,
    systemCode: failure?.systemCode ?? undefined,
    offered: failure?.offered ?? undefined,
    certificate: failure?.certificate ?? undefined,
    encrypted: isEncrypted(failure?.tls, stage),
  });
  return { code: row, title, explanation, remedy };
}

/** With STARTTLS, EHLO is said twice: before and after. */
function isEncrypted(tls: Relay["tls"] | undefined, stage: Stage): boolean | undefined {
  if (tls === undefined || (tls === "starttls" && stage === "ehlo")) return undefined;
  return tls === "implicit"
    ? stages.indexOf(stage) > stages.indexOf("connect")
    : tls === "starttls" && stage !== "greeting";
}

/** Where the relay answered to the end, there was no error: it refused. */
function codeOf({ errorCode }: Attempt): ErrorCode {
  if (errorCode === null) return "smtp.rejected";
  return Object.hasOwn(errorTable, errorCode) ? (errorCode as ErrorCode) : "internal";
}

/** The relay's answer, unless it was a yes: to the message, where only some recipients were refused. */
function refusalOf({ code, enhancedCode, reply }: Attempt): Refusal | null {
  return code === null || code < 400 ? null : { code, enhancedCode, text: reply ?? "" };
}
