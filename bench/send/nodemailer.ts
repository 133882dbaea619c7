import { createTransport } from "nodemailer";
import { byCallers, type Sending, type SendingOptions } from "./candidate.ts";
import { type Mail, sender } from "./mail.ts";

/** nodemailer with its pool: what is not sent yet lives in memory alone. */
export function openNodemailer(options: SendingOptions): Sending {
  const transport = openTransport(options);
  return {
    deliver: (mails) => byCallers(mails, options.language, transport.send),
    close: async () => transport.close(),
  };
}

export interface Transport {
  send(mail: Mail): Promise<unknown>;
  close(): void;
}

export function openTransport({ port, connections }: SendingOptions): Transport {
  const transport = createTransport({
    pool: true,
    host: "127.0.0.1",
    port,
    secure: false,
    ignoreTLS: true,
    maxConnections: connections,
    // By default it gives a connection up after 100 messages: a handicap that says nothing about its speed.
    maxMessages: Number.POSITIVE_INFINITY,
  });
  return {
    send: (mail) => transport.sendMail({ ...mail, from: sender }),
    close: () => transport.close(),
  };
}
