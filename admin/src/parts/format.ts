const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const dayAndTime = new Intl.DateTimeFormat("en", {
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
});
const timeOfDay = new Intl.DateTimeFormat("en", { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });
const full = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "long" });

const steps = [
  { unit: "second", ms: 1_000, until: 60_000 },
  { unit: "minute", ms: 60_000, until: 3_600_000 },
  { unit: "hour", ms: 3_600_000, until: 86_400_000 },
] as const;

/** `5 minutes ago` or `in 2 hours` within a day, the date and time beyond; in the viewer's zone. */
export function formatTime(iso: string, now: number): string {
  const distanceMs = Date.parse(iso) - now;
  if (Math.abs(distanceMs) < 5_000) return "just now";
  const step = steps.find(({ until }) => Math.abs(distanceMs) < until);
  if (step === undefined) return dayAndTime.format(new Date(iso));
  return relative.format(Math.round(distanceMs / step.ms), step.unit);
}

/** `3:00 PM`, in the viewer's zone. */
export function formatTimeOfDay(ms: number): string {
  return timeOfDay.format(ms);
}

/** `Nov 23`, in the viewer's zone. */
export function formatDay(ms: number): string {
  return day.format(ms);
}

/** Day, date, time and zone in full. */
export function formatFullTime(iso: string): string {
  return full.format(new Date(iso));
}

/** `4 ms`, `1.2 s`, `2 min 5 s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1) return "< 1 ms";
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** How long something has been so, roughly: `3 min`, `2 h`, `4 days`. */
export function formatAge(ageMs: number): string {
  if (ageMs < 3_600_000) return `${Math.floor(ageMs / 60_000)} min`;
  if (ageMs < 172_800_000) return `${Math.floor(ageMs / 3_600_000)} h`;
  return `${Math.floor(ageMs / 86_400_000)} days`;
}

/** `512 B`, `4.1 KiB`, `2.0 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_048_576) return `${(bytes / 1_024).toFixed(1)} KiB`;
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
