import { bytes } from "../core/format.ts";
import type { Problem } from "../diagnosis/explain.ts";
import type { TestStage } from "../diagnosis/report.ts";

/** The evidence of a stage in a few words; empty if there is nothing to say. */
export function seenAt({ stage, evidence }: Pick<TestStage, "stage" | "evidence">): string {
  const words = {
    resolve: () => list(evidence.addresses),
    connect: () => [text(evidence.address), text(evidence.trying)],
    greeting: () => [text(evidence.text)],
    ehlo: () => [sizeLimit(evidence.maxMessageBytes), signInMethods(list(evidence.authMechanisms))],
    starttls: () => [],
    tls: () => [text(evidence.version), certificate(list(evidence.names)), daysLeft(evidence.daysLeft)],
    auth: () => [text(evidence.mechanism)],
    sender: () => [text(evidence.from)],
    recipient: () => [text(evidence.to)],
    message: () => [],
  }[stage]();
  return [...words, text(evidence.reply)].filter((word) => word !== "").join(" · ");
}

/** Settings by the names of the API, with the words of the settings page. */
const settingNames = {
  smtpServer: "SMTP server",
  smtpPort: "Port",
  useTls: "Use TLS",
  tlsMode: "TLS mode",
  username: "Username",
  authMethod: "Authentication method",
  allowCleartextAuth: "Allow authentication without TLS",
  caPem: "CA certificates (PEM)",
} as const satisfies Record<keyof NonNullable<Problem["fix"]> | "smtpServer", string>;

const choices: Readonly<Record<string, string>> = {
  auto: "Automatic",
  starttls: "STARTTLS",
  implicit: "Implicit TLS",
};

/** The change of settings that would solve the problem: `Port: 465 · How TLS starts: Implicit TLS`. */
export function fixInWords(fix: Readonly<Record<string, unknown>>): string {
  return Object.entries(fix)
    .map(([name, value]) => {
      const label = Object.entries(settingNames).find(([known]) => known === name)?.[1] ?? name;
      return `${label}: ${settingWord(name, value)}`;
    })
    .join(" · ");
}

function settingWord(name: string, value: unknown): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  const isChoice = name === "tlsMode" || name === "authMethod";
  return (isChoice ? choices[String(value)] : undefined) ?? String(value);
}

/** The same as options of `sendwright test --server`; null where there is none for it. */
export function fixAsOptions(fix: Readonly<Record<string, unknown>>): string | null {
  const { smtpServer, smtpPort, useTls, tlsMode, username, allowCleartextAuth, ...others } = fix;
  if (Object.keys(others).length > 0) return null;
  const tls = useTls === false ? "off" : tlsMode;
  const given = [
    ["--server", smtpServer],
    ["--port", smtpPort],
    ["--tls", tls],
    ["--username", username],
  ].flatMap(([option, value]) => (value === undefined ? [] : [`${option} ${value}`]));
  if (allowCleartextAuth === true) given.push("--allow-cleartext-auth");
  return given.length === 0 ? null : given.join(" ");
}

function sizeLimit(value: unknown): string {
  return typeof value === "number" && value > 0 ? `up to ${bytes(value)}` : "";
}

function signInMethods(mechanisms: readonly string[]): string {
  return mechanisms.length === 0 ? "" : `AUTH: ${mechanisms.join(", ")}`;
}

function certificate([first, ...others]: readonly string[]): string {
  if (first === undefined) return "";
  return others.length === 0
    ? `certificate for ${first}`
    : `certificate for ${first} and ${others.length} more`;
}

function daysLeft(days: unknown): string {
  if (typeof days !== "number") return "";
  return days === 1 ? "1 day left" : `${days} days left`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
