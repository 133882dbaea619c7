import { type Dialer, messageIdOf, type Relay } from "../relay/relay.ts";
import type { AcceptedEmail, Scene } from "../scene.ts";
import { type KnownConfig, type RoutedPlan, Rule } from "./rule.ts";
import { wasSurelyFree } from "./usage.ts";

/** A node reads the configs at least so often, while its database works. */
const readMs = 65_000;
/** What a relay did wrong has been told to its config by then. */
const longestWaitMs = 16 * 60_000;

/** The email as it was accepted: a plan may name a relay that is not there. */
export function routedAs(scene: Scene, { plan: { from, via } }: Pick<AcceptedEmail, "plan">): RoutedPlan {
  return { from, via: via !== null && via.relay < scene.relays.length ? via : null };
}

/** To be called when the content of an email begins to arrive at a relay: whether it may, and no other one should. */
export function checkRoute(scene: Scene, relay: Relay, by: Dialer, recipient: string): void {
  const email = scene.emailTo(recipient);
  const claim = email === null ? undefined : scene.server.claimOf(email.id, scene.scheduler.now, by.index);
  if (email === null || claim === undefined) return;
  const routed = routedAs(scene, email);
  const { configs, server, scheduler } = scene;
  // One that did not reach its database knows what it read before.
  const from = Math.min(claim.at, server.isWell ? claim.at : server.troubleAt) - 2 * readMs;
  const known = configs.since(server.troubleAt > from ? 0 : from);
  const name = scene.nameOf(email.id);
  scene.require(
    known.some((each) => new Rule(routed, each).candidates().some((one) => one.relay === relay.index)),
    "an email goes only through configs that may send it",
    () => `${name} is sent to ${relay.name}, which is not among its candidates`,
  );
  const knowsAll = server.isWell && claim.at - Math.max(server.troubleAt, scene.clocksSetAt) > readMs;
  const resolves = scene.isResolving && scheduler.now - scene.resolverTroubleAt > longestWaitMs;
  if (!knowsAll || !resolves || claim.at - configs.changedAt <= readMs) return;
  const candidates = new Rule(routed, configs.latest).candidates();
  const place = candidates.findIndex((one) => one.relay === relay.index);
  const before = candidates.slice(0, Math.max(0, place));
  const better = before.find(
    (config) =>
      !claim.refusedBy.includes(`${config.id}:${config.version}`) &&
      claim.at - (configs.pausedAt.get(config.relay) ?? Number.NEGATIVE_INFINITY) > readMs &&
      wasSurelyFree(scene, config, claim),
  );
  scene.require(
    better === undefined,
    "an email goes through the right config while that can send",
    () => `${name} is sent to ${relay.name}, although relay${better?.relay} can be used`,
  );
}

/** To be called when a message is complete: its senders are those that it has through this config. */
export function checkSenders(
  scene: Scene,
  relay: Relay,
  given: { by: Dialer; from: string; content: Buffer },
): void {
  const id = messageIdOf(given.content);
  const email = scene.emails.find(({ messageId }) => messageId === id);
  if (email === undefined) return;
  const routed = routedAs(scene, email);
  const head = given.content.toString("latin1", 0, 2_000);
  const seen = { from: addressIn("From", head), replyTo: addressIn("Reply-To", head) };
  const isRight = (configs: readonly KnownConfig[]) => {
    const config = configs.find((one) => one.relay === relay.index);
    if (config === undefined) return false;
    const right = new Rule(routed, configs).sendersThrough(config);
    return right.from === seen.from && right.replyTo === seen.replyTo && given.from === seen.from;
  };
  // It may have begun by what its node knew long before.
  const claim = scene.server.claimOf(email.id, scene.scheduler.now, given.by.index);
  const isCalm = claim !== undefined && scene.server.troubleAt < claim.at - 2 * readMs;
  scene.require(
    scene.configs.since(isCalm ? claim.at - 2 * readMs : 0).some(isRight),
    "an email has the sender that is right for its config",
    () => `${scene.nameOf(email.id)} is sent to ${relay.name} from ${seen.from}, answers to ${seen.replyTo}`,
  );
}

function addressIn(header: string, head: string): string | null {
  return new RegExp(`^${header}: *(?:[^\\r]*<)?([^<>\\s]+)>?\\r$`, "im").exec(head)?.[1] ?? null;
}
