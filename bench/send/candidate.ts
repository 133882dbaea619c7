import { type Language, type Mail, renderMail } from "./mail.ts";

/** One way of sending, ready to be measured. */
export interface Sending {
  /** Begins to deliver mails to the first `mails` customers; the relay knows when all have arrived. */
  deliver(mails: number): Promise<void>;
  close(): Promise<void>;
}

/** Where to send to, and how much at once: the same for all. */
export interface SendingOptions {
  readonly port: number;
  readonly connections: number;
  readonly language: Language;
}

/** How many requests of an application send at the same time. */
const callers = 100;

/** Many callers, who each render a mail, send it and wait for the answer before they send the next. */
export async function byCallers(
  mails: number,
  language: Language,
  send: (mail: Mail) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < mails) await send(renderMail(next++, language));
    }),
  );
}
