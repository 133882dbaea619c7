import { type ErrorCode, errorTable } from "../core/errors.ts";
import { type Stage, stages } from "../core/model.ts";
import type { Relay } from "../smtp/relay.ts";
import type { Attempt, Refusal } from "../store/tables/emails.ts";
import { explain, type Problem } from "./explain.ts";

/**
 * Explains an attempt from the log with the words of Test Connection; null if there is nothing to explain,
 * or if the attempt failed before it reached a relay: its own error message then says why.
 * @param options.namesAccount whether the reader may learn which account the config signs in with
 */
export function explainAttempt(
  attempt: Attempt,
  { namesAccount }: { readonly namesAccount: boolean },
): Omit<Problem, "fix"> | null {
  const { failure, outcome, relayHost, stage } = attempt;
  if (outcome === "sent" || relayHost === null || stage === null) return null;
  const code = codeOf(attempt);
  // When the final answer was lost, no earlier reply says anything about the message.
  const reply = code === "smtp.unknown_outcome" ? null : (failure?.refusal ?? refusalOf(attempt));
  if (code === "smtp.rejected" && reply === null) return null;
  const {
    code: problemCode,
    title,
    explanation,
    remedy,
  } = explain({
    // A recipient that was refused while others were accepted was refused at RCPT TO.
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
  return { code: problemCode, title, explanation, remedy };
}

/** Whether TLS was up at a stage; undefined if that is not known: with STARTTLS, EHLO comes before and after it. */
function isEncrypted(tls: Relay["tls"] | undefined, stage: Stage): boolean | undefined {
  if (tls === undefined || (tls === "starttls" && stage === "ehlo")) return undefined;
  return tls === "implicit"
    ? stages.indexOf(stage) > stages.indexOf("connect")
    : tls === "starttls" && stage !== "greeting";
}

/** An attempt without an error code had a complete conversation, in which the relay refused. */
function codeOf({ errorCode }: Attempt): ErrorCode {
  if (errorCode === null) return "smtp.rejected";
  return Object.hasOwn(errorTable, errorCode) ? (errorCode as ErrorCode) : "internal";
}

/** The reply of an attempt, unless it is positive: the message was then accepted for other recipients. */
function refusalOf({ code, enhancedCode, reply }: Attempt): Refusal | null {
  return code === null || code < 400 ? null : { code, enhancedCode, text: reply ?? "" };
}
