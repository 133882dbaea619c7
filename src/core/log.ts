import { type Logger, pino } from "pino";

export type Log = Logger;
export const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** JSON lines on standard output. Nothing secret is handed to the log; the paths here are a second net. */
export function createLog(level: LogLevel): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ["password", "secret", "token", "*.password", "*.secret", "*.token"],
      censor: "[redacted]",
    },
  });
}
