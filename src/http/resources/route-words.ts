import type { Attempt as AttemptInside, AttemptRoute, StandInReason } from "../../store/tables/emails.ts";
import type { Attempt } from "../schema/emails.ts";

type Standing = Extract<AttemptRoute, { by: "stand-in" }>;

/** Why the config that should send an email does not, once the attempt is over. */
const past = {
  paused: "was paused",
  limit: "had reached a limit",
  refused: "had rejected this email",
} satisfies Record<StandInReason, string>;

/** The same while it is so. */
const present = {
  paused: "is paused",
  limit: "has reached a limit",
  refused: "has rejected this email",
} satisfies Record<StandInReason, string>;

/**
 * Why an attempt took its way.
 * @param mayName whether the reader may learn the name of the config that another one stood in for.
 */
export function routeView(
  route: AttemptRoute | null,
  attempt: Pick<AttemptInside, "configName" | "outcome" | "captured">,
  mayName: (config: string) => boolean,
): Attempt["route"] {
  if (route === null || attempt.configName === null) return null;
  const way = `${deedOf(attempt)} ${attempt.configName}`;
  if (route.by !== "stand-in") {
    return { by: route.by, for: null, because: null, sentence: `${way}${ownReason(route.by)}.` };
  }
  const standsInFor = mayName(route.for) ? route.for : null;
  const sentence = `${way} because ${standsInFor ?? "another SMTP config"} ${past[route.because]}.`;
  return { by: route.by, for: standsInFor, because: route.because, sentence };
}

/** What is captured may never have seen the server of its config. */
function deedOf({ outcome, captured }: Pick<AttemptInside, "outcome" | "captured">): string {
  if (captured) return "Meant for";
  return outcome === "sent" || outcome === "partial" ? "Sent through" : "Tried through";
}

/** Why an email would take its way now. */
export function routeWords(route: AttemptRoute, config: string): string {
  if (route.by !== "stand-in") return `${config} sends it${ownReason(route.by)}.`;
  return `${config} sends it because ${standInWords(route)}.`;
}

function standInWords({ for: home, because }: Standing): string {
  return `${home} ${present[because]}`;
}

function ownReason(by: Exclude<AttemptRoute["by"], "stand-in">): string {
  switch (by) {
    case "named":
      return ", which the request named";
    case "sender":
      return ", which owns the sender";
    case "first":
      return ", the first in order";
    default:
      return by satisfies never;
  }
}
