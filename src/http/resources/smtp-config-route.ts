import { z } from "zod";
import { isSendwrightError } from "../../core/errors.ts";
import { rfc3339OrNull } from "../../core/format.ts";
import { parse } from "../../core/parse.ts";
import { parseMailbox } from "../../message/address.ts";
import type { Services } from "../../services.ts";
import { findNamedConfig } from "../../smtp-configs/named-config.ts";
import { json, jsonBody, route, routes } from "../route.ts";
import { type RouteAnswer, routeAnswer } from "../schema/smtp-config-route.ts";
import { type Candidate, isTried, previewRoute, type RoutePreview } from "./route-preview.ts";
import { routeWords } from "./route-words.ts";

const address = z
  .string("must be text")
  .max(2_000, "must have at most 2000 characters")
  .transform((text, context) => {
    try {
      return parseMailbox(text);
    } catch (error) {
      if (!isSendwrightError(error, "address.invalid")) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });

/** What is asked: all that decides which config sends an email. */
const routeQuestion = z.strictObject({
  from: address.nullish().describe("Sender. Defaults to the sender of the config that sends"),
  config: z
    .string("must be text")
    .max(200)
    .nullish()
    .describe("Name or ID of the config that the request names"),
  fallback: z
    .boolean("must be true or false")
    .default(false)
    .describe("True if other configs may send when `config` cannot"),
  to: address.nullish().describe("Email address of a recipient, which is checked"),
});

const ask = route({
  for: "admin",
  method: "post",
  path: "/route",
  summary: "Find the SMTP config that sends an email",
  description:
    "Returns which config would send an email with this sender now, why, and all configs that may send it. Nothing is sent or stored. An email that a config has rejected uses another config. The response is 404 `config.not_found` for an unknown `config`, and 400 for a name that several configs have.",
  request: { body: jsonBody(routeQuestion, { from: "shop@example.com", to: "jo@example.net" }) },
  responses: { 200: json(routeAnswer, "SMTP config and the reason") },
});

export function smtpConfigRouteRoutes({ configs, sandbox, guard, clock }: Services) {
  return routes().openapi(ask, async (c) => {
    const { from = null, config = null, fallback, to = null } = parse(routeQuestion, c.req.valid("json"));
    const saved = await configs.list();
    const via = config === null ? null : { configId: findNamedConfig(saved, config).id, fallback };
    const preview = previewRoute(
      { from: from === null ? null : { name: from.name, address: from.address }, via },
      { configs: saved, sandboxPort: sandbox?.port ?? null, now: clock.now() },
    );
    const recipient =
      to === null
        ? null
        : { address: to.address, needsSmtpUtf8: to.needsSmtpUtf8, ...guard.fateOf(to.address) };
    return c.json({ ...previewView(preview), to: recipient }, 200);
  });
}

function previewView({ decision, candidates }: RoutePreview): Omit<RouteAnswer, "to"> {
  return { decision: decisionView(decision, candidates), candidates: candidates.map(candidateView) };
}

function decisionView(
  decision: RoutePreview["decision"],
  candidates: readonly Candidate[],
): RouteAnswer["decision"] {
  if (decision.kind === "stuck") {
    const { kind, because } = decision;
    return { kind, because, sentence: stuckWords(candidates) };
  }
  const chosen = candidates.find(({ id }) => id === decision.configId);
  const config = { id: decision.configId, name: chosen?.name ?? "" };
  if (decision.kind === "wait") {
    const until = rfc3339OrNull(decision.until);
    const words = until === null ? "until it can be used" : `until ${until}`;
    return { kind: "wait", config, until, sentence: `The email stays queued for ${config.name} ${words}.` };
  }
  const { by } = decision.route;
  const standIn = by === "stand-in" ? decision.route : { for: null, because: null };
  const trial = isTried(chosen) ? " It was paused; the next email tests it." : "";
  const sentence = `${routeWords(decision.route, config.name)}${trial}`;
  return { kind: "send", config, by, for: standIn.for, because: standIn.because, sentence };
}

function stuckWords(candidates: readonly Candidate[]): string {
  const [only, ...others] = candidates;
  if (only === undefined) return "The email stays queued, because no SMTP config may send it.";
  if (others.length > 0)
    return "The email stays queued, because no SMTP config that may send it is available.";
  const why = only.state === "off" ? "is off" : "is unavailable";
  return `The email stays queued, because ${only.name} ${why} and no other SMTP config may send it.`;
}

function candidateView(candidate: Candidate): RouteAnswer["candidates"][number] {
  const { id, name, sendsAs, replyTo, state } = candidate;
  const reason = "reason" in candidate ? candidate.reason : null;
  const until = "until" in candidate ? rfc3339OrNull(candidate.until) : null;
  return { id, name, sendsAs, replyTo, state, until, reason };
}
