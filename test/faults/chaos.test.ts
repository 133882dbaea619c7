import { expect, it } from "vitest";
import { countOpen } from "../../src/store/tables/emails.ts";
import { long, seed } from "./form.ts";
import { drops, type Fault, resets, says } from "./mischief.ts";
import { seededRandom } from "./random.ts";
import { caPem, certificate, over, startFaultyRelay } from "./relay.ts";
import { openScene } from "./scene.ts";

const hour = 60 * 60_000;

/** Whatever may happen at any place, but for a refusal for good: so no email has a reason to fail. */
const faults: readonly Fault[] = [
  drops,
  resets,
  () => over,
  says("421 4.3.2 closing"),
  says("451 4.3.0 later"),
  says("250-fine\r\n550 no"),
  says("354 go"),
  says("HTTP/1.1 400 Bad Request"),
];

const seeds = Array.from({ length: long ? 300 : 3 }, (_, index) => seed + index);

it.each(seeds)(
  "whatever two relays do for some hours, all is delivered, and what may be twice is marked (seed %d)",
  async (from) => {
    const random = seededRandom(from);
    const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item;
    await using scene = await openScene();
    const rate = pick([0.01, 0.03, 0.1]);
    // An email is given up after a day.
    const wellAt = scene.clock.now() + 4 * hour;
    const startRelay = () =>
      startFaultyRelay({
        tls: certificate,
        auth: true,
        takesFirst: true,
        at: (_, peer) =>
          random() < rate && scene.clock.now() < wellAt ? pick(faults)(peer, scene.clock) : undefined,
      });
    await using first = await startRelay();
    await using second = await startRelay();
    const settings = { useTls: true, caPem, username: "shop", password: "s3cret" };
    await scene.config(first, { ...settings, maxConnections: 1 + Math.floor(random() * 4) });
    await scene.config(second, { ...settings, fromEmail: "shop@second.example" });

    const sent: { readonly id: string; readonly messageId: string }[] = [];
    for (let count = 0; count < 100; count++) {
      const to = Array.from({ length: pick([1, 1, 1, 3]) }, (_, index) => `${count}.${index}@example.com`);
      sent.push(await scene.send({ to, onUnknown: pick(["resend", "resend", "hold"]) }));
      if (random() < 0.1) await scene.clock.advance(Math.floor(random() * 20_000));
    }
    await scene.until("an end", async () => {
      const { queued, sending } = await countOpen(scene.services.store.db);
      // While nothing is under way, time may fly.
      await scene.clock.advance(sending > 0 ? 1_000 : 60_000);
      return queued + sending === 0;
    });

    const copies = new Map<string, number>();
    for (const { to, messageId } of [...first.taken, ...second.taken]) {
      for (const address of to) {
        const key = `${messageId} ${address}`;
        copies.set(key, (copies.get(key) ?? 0) + 1);
      }
    }
    for (const { id, messageId } of sent) {
      const email = await scene.email(id);
      for (const { address, state } of email.recipients) {
        const times = copies.get(`${messageId} ${address}`) ?? 0;
        const fate = JSON.stringify({ address, state, times, attempts: email.attempts }, null, 1);
        const isHeld = email.onUnknown === "hold" && state === "unknown";
        if (!isHeld) expect(state, fate).toBe("sent");
        if (!isHeld) expect(times, fate).toBeGreaterThanOrEqual(1);
        if (isHeld || times > 1) expect(email.possibleDuplicate, fate).toBe(true);
      }
    }
  },
);
