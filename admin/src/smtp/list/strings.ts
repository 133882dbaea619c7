import type { RouteAnswer, SmtpConfig } from "../../api/types.ts";

export const stateNone = "Never tested";
export const stateWorked = "Last test passed";
export const stateFailed = "Last test failed";
export const statePaused = "Paused, next attempt";
export const stateNeedsAdmin = "Needs attention, next attempt";
export const statePauseOver = "Paused, retries with the next email";
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
export const resumed = (name: string) => `Sending with ${name} resumed.`;
export const rolledBack = (name: string) => `Previous version of ${name} restored.`;
export const managed = "set by the environment";
export const resume = "Resume sending";
export const resumeNamed = (name: string) => `Resume sending with ${name}`;
export const through = (server: string, port: number) => `${server}:${port}`;
export const routeTitle = "Which config sends an email from …?";
export const routeLead =
  "The config that owns an email's sender sends the email. A config owns its From email and its other senders. Other configs fill in with their own From email.";
export const routeFrom = "From email";
export const routeAsk = "Check sender";
export const routeOrder = "Order of configs";
export const routeWaits = (name: string) => `The email stays queued for ${name}`;
export const routeNextTry = "next attempt";
export const routeSendsAs = (address: string) => `sends as ${address}`;
export const routeReplies = (address: string) => `replies go to ${address}`;
export const routeStates = {
  available: "Available",
  paused: "Paused",
  limit: "Limit reached",
  unusable: "Can't be used",
  off: "Off",
} satisfies Record<RouteAnswer["candidates"][number]["state"], string>;
export const routeTried = "Paused, retries with the next email";
