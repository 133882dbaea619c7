import type { Stage } from "../core/model.ts";

/** The stages in words: `title` as on the settings page, `doing` as the end of "failed while …". */
export const stageNames = {
  resolve: { title: "Find the server", doing: "looking up the server's name" },
  connect: { title: "Connect", doing: "opening the connection" },
  greeting: { title: "Greeting", doing: "waiting for the server's greeting" },
  ehlo: { title: "Introduce ourselves", doing: "introducing ourselves (EHLO)" },
  starttls: { title: "Ask for TLS", doing: "asking for encryption (STARTTLS)" },
  tls: { title: "Encrypt and check certificate", doing: "setting up encryption (TLS)" },
  auth: { title: "Sign in", doing: "signing in" },
  sender: { title: "Sender accepted", doing: "naming the sender (MAIL FROM)" },
  recipient: { title: "Recipient accepted", doing: "naming the recipient (RCPT TO)" },
  message: { title: "Hand over the email", doing: "handing over the message" },
} as const satisfies Record<Stage, { readonly title: string; readonly doing: string }>;
