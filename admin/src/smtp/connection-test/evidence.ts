import type { TestStage } from "../../api/types.ts";
import { formatBytes } from "../../parts/format.ts";
import * as t from "./strings.ts";

/** What a stage saw, in one line for people; null where there is nothing to say. */
export function evidenceWords({ stage, evidence }: Pick<TestStage, "stage" | "evidence">): string | null {
  const words = {
    resolve: () => list(evidence.addresses),
    connect: () => [text(evidence.address), ...failures(evidence.failures)],
    greeting: () => [text(evidence.text)],
    ehlo: () => [sizeLimit(evidence.maxMessageBytes), signInMethods(evidence.authMechanisms)],
    starttls: () => [],
    tls: () => [text(evidence.version), certificate(list(evidence.names)), daysLeft(evidence.daysLeft)],
    auth: () => [text(evidence.mechanism)],
    sender: () => [text(evidence.from)],
    recipient: () => [text(evidence.to)],
    message: () => [],
  }[stage]();
  const said = [...words, text(evidence.reply)].filter((word) => word !== null);
  return said.length === 0 ? null : said.join(" · ");
}

function sizeLimit(bytes: unknown): string | null {
  return typeof bytes === "number" && bytes > 0 ? t.evidenceSizeLimit(formatBytes(bytes)) : null;
}

function signInMethods(mechanisms: unknown): string | null {
  const offered = list(mechanisms);
  return offered.length === 0 ? null : t.evidenceSignInMethods(offered.join(", "));
}

function certificate(names: readonly string[]): string | null {
  const [first, ...others] = names;
  return first === undefined ? null : t.evidenceCertificate(first, others.length);
}

function daysLeft(days: unknown): string | null {
  return typeof days === "number" ? t.evidenceDaysLeft(days) : null;
}

/** Addresses of the server that did not answer. */
function failures(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.map(({ address, error }: Readonly<Record<string, unknown>>) =>
    t.evidenceFailed(String(address), String(error)),
  );
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** One certificate of a chain, in the words of its own fields. */
export interface ChainLink {
  readonly subject: string;
  readonly issuer: string;
  readonly validTo: string;
  readonly fingerprint256: string;
}

export function chainOf({ chain }: TestStage["evidence"]): readonly ChainLink[] {
  if (!Array.isArray(chain)) return [];
  return chain.map((link: Readonly<Record<string, unknown>>) => ({
    subject: String(link.subject),
    issuer: String(link.issuer),
    validTo: String(link.validTo),
    fingerprint256: String(link.fingerprint256),
  }));
}
