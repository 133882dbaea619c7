import type { FixedClock, Peer, ServerTls } from "../../src/testing/index.ts";
import { type Mischief, over, type Place, type Spot } from "./relay.ts";
import { turns } from "./scene.ts";

/** What a relay does that it should not, wherever it does so. */
export type Fault = (peer: Peer, clock: FixedClock) => ReturnType<Mischief>;

/** Done at the place of one message, on the first connection; everything else is as it should be. */
export function fault(
  place: Place,
  message: number,
  does: Fault,
  clock: () => FixedClock,
): (spot: Spot, peer: Peer) => ReturnType<Mischief> {
  return (spot, peer) =>
    spot.place === place && spot.message === message && spot.connection === 1
      ? does(peer, clock())
      : undefined;
}

export const says =
  (reply: string): Fault =>
  () =>
    reply;

export const drops: Fault = async (peer) => {
  // What was said before has arrived by then.
  await turns();
  peer.destroy();
  return over;
};

export const resets: Fault = async (peer) => {
  await turns();
  peer.reset();
  return over;
};

/** At once, in the middle of something. */
export const vanishes: Fault = (peer) => {
  peer.destroy();
  return over;
};

/** Says this in the clear where its handshake is due. */
export const saysInstead =
  (text: string): Fault =>
  async (peer) => {
    await turns();
    peer.send(text);
    return over;
  };

/** Lets an attacker on the network add this to its reply, which the client must not take for an answer in TLS. */
export const goesOnWith =
  (injected: string): Fault =>
  (peer) => {
    peer.send(`220 2.0.0 Go ahead\r\n${injected}`);
    return over;
  };

/** Says nothing for so long. */
export const waits =
  (seconds: number): Fault =>
  async (_, clock) => {
    await turns();
    await clock.advance(seconds * 1_000);
    return over;
  };

/** Begins its reply, and says nothing for so long. */
export const stalls =
  (seconds: number): Fault =>
  (peer, clock) => {
    peer.send("25");
    return waits(seconds)(peer, clock);
  };

/** A byte in every five seconds, without an end. */
export const drips: Fault = async (peer, clock) => {
  const reply = Buffer.from("250-this will take a while\r\n");
  let left = false;
  void peer.closed.then(() => {
    left = true;
  });
  for (let at = 0; !left; at = (at + 1) % reply.length) {
    peer.send(reply.subarray(at, at + 1));
    await turns();
    await clock.advance(5_000);
    await turns();
  }
  return over;
};

/** Shakes hands, as whoever it claims to be. */
export const shows =
  (tls: ServerTls): Fault =>
  async (peer) => {
    await peer.startTls(tls);
    return over;
  };
