import { describe, expect, test } from "vitest";
import type { Finding } from "../sender-dns/finding.ts";
import { assessConsent, assessDns } from "./assess.ts";

const finding = (check: Finding["check"], status: Finding["status"]): Finding => ({
  check,
  status,
  title: `${check} ${status}`,
  explanation: "So it is.",
  remedy: "Mend it.",
  seen: [],
});
const report = (dmarc: Finding["status"], spf: Finding["status"], domain = "example.com") => ({
  domain,
  checkedAt: 0,
  findings: [finding("spf", spf), finding("dmarc", dmarc)],
});
const right = { domain: "example.com", dmarc: true, spf: true };
const problems = ({ findings }: ReturnType<typeof assessDns>) =>
  findings.filter(({ status }) => status === "problem").map(({ kind }) => kind);

describe("the DNS of a domain", () => {
  test("is remembered as right once it was, and broken if it is no longer", () => {
    const first = assessDns(report("ok", "ok"), null);
    expect([problems(first), first.proven]).toEqual([[], right]);
    const second = assessDns(report("warning", "failed"), first.proven);
    expect([problems(second), second.proven]).toEqual([["dmarc_broken", "spf_broken"], right]);
  });

  test("is no problem if it never was right, or is another domain's", () => {
    expect(problems(assessDns(report("warning", "failed"), null))).toEqual([]);
    expect(problems(assessDns(report("warning", "failed", "example.net"), right))).toEqual([]);
  });

  test("has no finding if no server answers", () => {
    expect(assessDns(report("unknown", "unknown"), right)).toEqual({ findings: [], proven: right });
  });

  test("is not broken by what is only a guess", () => {
    expect(problems(assessDns(report("ok", "warning"), right))).toEqual([]);
  });
});

describe("a consent", () => {
  const now = Date.parse("2026-03-01T00:00:00Z");
  const ms = (time: string | null) => (time === null ? null : Date.parse(time));
  const oauth = (expiresAt: string | null, clientSecretExpiresAt: string | null = null) => ({
    expiresAt: ms(expiresAt),
    clientSecretExpiresAt: ms(clientSecretExpiresAt),
  });

  test("is told of a week before it ends, and so is the client's secret", () => {
    expect(assessConsent(null, now)).toMatchObject({ status: "ok" });
    expect(assessConsent(oauth("2026-03-08T00:00:01Z"), now)).toMatchObject({ status: "ok" });
    expect(assessConsent(oauth("2026-03-08T00:00:00Z"), now)).toMatchObject({
      title: "The provider's authorization expires soon",
      explanation: expect.stringContaining("2026-03-08"),
    });
    expect(assessConsent(oauth(null, "2026-03-02T00:00:00Z"), now)).toMatchObject({
      title: "The client secret expires soon",
    });
  });
});
