import type { Dialer } from "../relay/relay.ts";
import type { Scene } from "../scene.ts";

/** What a node wrote while an email was its own has arrived by then. */
const transitMs = 10_000;
/** Nodes have seen by then that the clock of their database was set. */
const clockLookMs = 15_000;

/** To be called when the content of an email begins to arrive: whose lease ran out leaves it to the one who has it. */
export function checkOwner(scene: Scene, by: Dialer, recipient: string): void {
  const { now } = scene.scheduler;
  const email = scene.emailTo(recipient);
  const claim = email === null ? undefined : scene.server.claimOf(email.id);
  if (email === null || claim === undefined || now - scene.clocksSetAt < clockLookMs) return;
  scene.require(
    claim.node === by.index || now - claim.at < transitMs,
    "no content is begun of an email that another node has",
    () => `${by.name} begins ${scene.nameOf(email.id)}, which node${claim.node} has`,
  );
}
