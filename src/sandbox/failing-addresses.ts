/** What the sandbox does with mail to a recipient, so that an application can be tested with it. */
export type Behavior =
  /** Refuses RCPT. The SMTP server adds the enhanced status code that belongs to the code. */
  | { readonly kind: "refuse"; readonly code: number; readonly text: string }
  /** Stores the message and cuts the connection instead of replying to the final dot (RFC 1047). */
  | { readonly kind: "lose" }
  /** Stores the message and replies after this time. */
  | { readonly kind: "delay"; readonly ms: number };

/** The domain of the addresses below; nobody owns it (RFC 6761 §6.2). */
const domain = "sandbox.test";

const behaviors: Readonly<Record<string, Behavior>> = {
  "550": { kind: "refuse", code: 550, text: "Mailbox not found" },
  "451": { kind: "refuse", code: 451, text: "Temporary failure, try again later" },
  rate: { kind: "refuse", code: 450, text: "Too much mail for this mailbox, try again later" },
  lost: { kind: "lose" },
  slow: { kind: "delay", ms: 5_000 },
};

/** What is done with mail to this address; null if it is accepted like any other. */
export function behaviorOf(address: string): Behavior | null {
  const at = address.lastIndexOf("@");
  const local = address.slice(0, at).toLowerCase();
  if (address.slice(at + 1).toLowerCase() !== domain || !Object.hasOwn(behaviors, local)) return null;
  return behaviors[local] ?? null;
}
