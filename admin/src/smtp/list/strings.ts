import type { RouteAnswer, SmtpConfig } from "../../api/types.ts";

export const stateNone = "Never tested";
export const stateWorked = "Last test worked";
export const stateFailed = "Last test failed";
export const statePaused = "Paused, next try";
export const stateNeedsAdmin = "Needs a change, next try";
export const statePauseOver = "Paused, tried with the next email";
export const stateLimit = "Limit reached";
export const stateNextEmail = "next email";
export const usage = (used: number, limit: number) =>
  `${used.toLocaleString("en")} of ${limit.toLocaleString("en")}`;
export const usageWindows = {
  maxPerMinute: "this minute",
  maxPerHour: "this hour",
  maxPerDay: "today",
  maxRecipientsPerDay: "recipients today",
} satisfies Record<SmtpConfig["usage"][number]["setting"], string>;
export const stateOff = "Off";
export const stateUsed = "In use";
export const stateStandby = "Standby";
export const up = (name: string) => `Move ${name} up`;
export const down = (name: string) => `Move ${name} down`;
export const moved = (name: string, place: number, count: number) => `${name} is now ${place} of ${count}.`;
export const sendThrough = (name: string) => `Use ${name} for sending`;
export const resumed = (name: string) => `${name} is used again.`;
export const rolledBack = (name: string) => `${name} is as it was before its last change.`;
export const managed = "set by the environment";
export const resume = "Use it again now";
export const resumeNamed = (name: string) => `Use it again now: ${name}`;
export const through = (server: string, port: number) => `${server}:${port}`;
export const routeTitle = "Which config sends an email from …?";
export const routeLead =
  "An email goes through the config that owns its sender: as the from email or as one of the other senders. The others stand in with their own from email.";
export const routeFrom = "From email";
export const routeAsk = "Check";
export const routeOrder = "Order in which they are tried";
export const routeWaits = (name: string) => `The email stays queued for ${name}`;
export const routeNextTry = "next try";
export const routeSendsAs = (address: string) => `sends as ${address}`;
export const routeReplies = (address: string) => `answers go to ${address}`;
export const routeStates = {
  available: "Available",
  paused: "Paused",
  limit: "Limit reached",
  unusable: "Can't be used",
  off: "Off",
} satisfies Record<RouteAnswer["candidates"][number]["state"], string>;
export const routeTried = "Paused, tried with the next email";
