import { setTimeout as pause } from "node:timers/promises";
import { fillQueue } from "./log/database.ts";
import { type Results, rateOf } from "./measure.ts";
import { startService } from "./queued/service.ts";
import { startRelay } from "./relay/relay.ts";
import { renderMail } from "./send/mail.ts";

/** What the service holds in memory when a long queue waits for it, and while it works it off. */
export async function queuedSuite(emails = 100_000, delivered = 20_000): Promise<Results> {
  const name = `with ${emails.toLocaleString("en")} queued`;
  const { html, text } = renderMail(0);
  const database = await fillQueue(emails, { html, text });
  const relay = await startRelay();
  try {
    const service = await startService(database.folder, database.secret);
    try {
      await pause(3_000);
      const atRest = service.peakMegabytes();
      const round = await relay.expect(delivered);
      const start = performance.now();
      await service.post("/api/smtp-configs", {
        smtpServer: "127.0.0.1",
        smtpPort: relay.port,
        useTls: false,
        fromEmail: "shop@example.com",
        maxConnections: 10,
      });
      await round.delivered;
      const micros = ((performance.now() - start) * 1000) / delivered;
      return {
        rates: [rateOf(`deliver ${name}`, [micros])],
        figures: {
          [`resident MB ${name}, at rest`]: atRest,
          [`resident MB ${name}, delivering`]: service.peakMegabytes(),
        },
      };
    } finally {
      await service.end();
    }
  } finally {
    relay.close();
    database.dispose();
  }
}
