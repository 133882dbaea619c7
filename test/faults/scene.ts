import { setImmediate as turn } from "node:timers/promises";
import { createLog } from "../../src/core/log.ts";
import { parse } from "../../src/core/parse.ts";
import type { EmailDetail } from "../../src/emails/emails.ts";
import { changeMonitoring } from "../../src/monitoring/monitoring-settings.ts";
import { openServices, type Services } from "../../src/services.ts";
import { smtpConfigCreate } from "../../src/smtp-configs/settings.ts";
import type { SmtpConfig } from "../../src/store/tables/smtp-configs.ts";
import { findSmtpConfig } from "../../src/store/tables/smtp-configs.ts";
import { createFixedClock, type FixedClock } from "../../src/testing/index.ts";

const secret = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
export const actor = { id: "user:1", name: "Ada" };
const caller = { id: "library", name: "library" };

/** How long anything is waited for, as the clock on the wall has it: far more than it takes. */
const patienceMs = 40_000;

/** Sendwright in this process, whose time stands still until the test moves it. */
export interface Scene extends AsyncDisposable {
  readonly services: Services;
  readonly clock: FixedClock;
  /** Saves a config for a relay without TLS and sign-in, unless the settings say otherwise. */
  config(place: { readonly port: number }, settings?: object): Promise<string>;
  configOf(id: string): Promise<SmtpConfig>;
  /** Has an email accepted. */
  send(request?: object): Promise<{ readonly id: string; readonly messageId: string }>;
  email(id: string): Promise<EmailDetail>;
  /** The email once it has been tried so often and is not under way. */
  tried(id: string, times?: number): Promise<EmailDetail>;
  /** The first value that is neither null nor false. @throws Error that says what was waited for in vain. */
  until<Value>(what: string, probe: () => Value | Promise<Value>): Promise<Exclude<Value, null | false>>;
}

/**
 * @param database in memory by default: then all that is not a socket happens in a known order.
 * @param clock of several nodes, where they share one.
 */
export async function openScene({
  database = ":memory:",
  clock = createFixedClock(Date.parse("2026-06-01T12:00:00Z")),
} = {}): Promise<Scene> {
  const services = await openServices({
    database,
    secret,
    log: createLog("silent"),
    clock,
    random: () => 0.5,
  });
  // The sessions that are counted here are those of emails.
  await changeMonitoring(services.store.db, { checkEveryHours: 0 });

  async function until<Value>(
    what: string,
    probe: () => Value | Promise<Value>,
  ): Promise<Exclude<Value, null | false>> {
    const giveUpAt = performance.now() + patienceMs;
    for (;;) {
      const found = await probe();
      if (found !== null && found !== false) return found as Exclude<Value, null | false>;
      if (performance.now() > giveUpAt) throw new Error(`Waited in vain for ${what}.`);
      // Sockets and the database have their turn, and whatever is due now.
      await clock.advance(0);
    }
  }

  return {
    services,
    clock,
    until,

    async config({ port }, settings = {}) {
      const { id } = await services.configs.create(
        parse(smtpConfigCreate, {
          smtpServer: "127.0.0.1",
          smtpPort: port,
          useTls: false,
          fromEmail: "shop@example.com",
          ...settings,
        }),
        actor,
      );
      return id;
    },

    async configOf(id) {
      const config = await findSmtpConfig(services.store.db, id);
      if (config === undefined) throw new Error("The config is gone.");
      return config;
    },

    send: (request = {}) =>
      services.outbox.accept(
        { to: "jo@example.com", subject: "Hello", text: "Hello Jo", ...request },
        { caller },
      ),

    email: (id) => services.outbox.get(id),

    tried: (id, times = 1) =>
      until(`attempt ${times}`, async () => {
        const email = await services.outbox.get(id);
        return email.attempts.length >= times && email.state !== "sending" && email;
      }),

    async [Symbol.asyncDispose]() {
      let over = false;
      const closing = services.close().finally(() => {
        over = true;
      });
      // What a failed test left under way gets the time to be cut.
      await until("the end", async () => {
        if (!over) await clock.advance(1_000);
        return over;
      });
      await closing;
    },
  };
}

/** Lets sockets have their turn, and none of the timers. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}
