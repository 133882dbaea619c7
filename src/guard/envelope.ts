import { parseAddress } from "../message/address.ts";
import { textField } from "../message/header.ts";
import { isNamed, type RecipientRule } from "./rule.ts";

/** The recipients of an email after the rule. */
export interface GuardedEnvelope {
  /** Who is sent to. */
  readonly to: readonly string[];
  /** Who is not. */
  readonly withheld: readonly string[];
  /** Fields to be put before the content; empty if there are none. */
  readonly headers: Uint8Array;
}

const noHeaders = new Uint8Array();

/** Applies a rule to the envelope of an email. @throws SendwrightError `address.invalid` for a redirected recipient */
export function guardEnvelope(rule: RecipientRule, to: readonly string[]): GuardedEnvelope {
  switch (rule.kind) {
    case "all":
    case "capture":
      return { to, withheld: [], headers: noHeaders };
    case "only":
      return {
        to: to.filter((address) => isNamed(rule, address)),
        withheld: to.filter((address) => !isNamed(rule, address)),
        headers: noHeaders,
      };
    case "redirect":
      return { to: rule.to, withheld: [], headers: originalTo(to) };
  }
}

/** One field for each recipient. A local part outside ASCII becomes an encoded word, so no SMTPUTF8 is needed. */
function originalTo(recipients: readonly string[]): Uint8Array {
  const fields = recipients.map((address) => textField("X-Original-To", parseAddress(address).address));
  return Buffer.from(fields.join(""));
}
