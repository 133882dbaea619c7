import type { Stage } from "../core/model.ts";

/** The stages in words: `title` as on the settings page, `doing` as the end of "Sendwright was …". */
export const stageNames = {
  resolve: { title: "Look up the server", doing: "looking up the server's name" },
  connect: { title: "Connect", doing: "opening the connection" },
  greeting: { title: "Receive the greeting", doing: "waiting for the server's greeting" },
  ehlo: { title: "Say hello (EHLO)", doing: "sending EHLO" },
  starttls: { title: "Start TLS", doing: "starting TLS (STARTTLS)" },
  tls: { title: "Encrypt and check the certificate", doing: "setting up TLS" },
  auth: { title: "Authenticate", doing: "authenticating" },
  sender: { title: "Sender accepted", doing: "sending the sender (MAIL FROM)" },
  recipient: { title: "Recipient accepted", doing: "sending the recipient (RCPT TO)" },
  message: { title: "Send the email", doing: "sending the message" },
} as const satisfies Record<Stage, { readonly title: string; readonly doing: string }>;
