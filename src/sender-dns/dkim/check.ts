import type { Dns } from "../../net/dns.ts";
import { type Finding, shown, unanswered } from "../finding.ts";
import { isAtHome, type Sender } from "../sender.ts";
import { type DkimKey, minRsaBits, parseDkimKey } from "./key.ts";

interface SeenKey {
  readonly selector: string;
  readonly text: string;
  readonly key: DkimKey;
}

/** Checks whether the keys that the provider signs with are published (RFC 6376). */
export async function checkDkim(sender: Sender, dns: Dns): Promise<Finding> {
  const { domain, provider, owner } = sender;
  const finding = (verdict: Omit<Finding, "check" | "seen">, seen: readonly SeenKey[] = []): Finding => ({
    check: "dkim",
    seen: seen.map(({ selector, text }) => shown(`${selector}._domainkey: ${text}`)),
    ...verdict,
  });

  if (isAtHome(sender)) {
    return finding({
      status: "ok",
      title: `${owner?.name} signs its own domain`,
      explanation: `${domain} belongs to the provider that sends the mail.`,
      remedy: "",
    });
  }
  if (owner !== null) {
    return finding({
      status: "failed",
      title: `Only ${owner.name} can sign for this domain`,
      explanation: `Only ${owner.name} can publish a DKIM key under ${domain}.`,
      remedy: `Use a From email at your own domain, or send through ${owner.name}.`,
    });
  }
  if (provider === null || provider.dkimSelectors.length === 0) {
    return finding({
      status: "unknown",
      title: "The DKIM key can't be checked",
      explanation:
        provider === null
          ? "The SMTP server chooses the name of its DKIM key (the selector), so Sendwright can't look it up."
          : `${provider.name} gives each domain its own name for the DKIM key (the selector), so Sendwright can't look it up.`,
      remedy: `Check in ${provider === null ? "your SMTP server's" : `${provider.name}'s`} settings whether DKIM is set up for ${domain}. Or send an email to your own mailbox and look for dkim=pass in its header Authentication-Results.`,
    });
  }

  const { name: who, dkimSelectors } = provider;
  const answers = await Promise.all(
    dkimSelectors.map(async (selector) => ({
      selector,
      answer: await dns.txt(`${selector}._domainkey.${domain}`),
    })),
  );
  const seen = answers.flatMap(({ selector, answer }): SeenKey[] =>
    answer.kind === "found"
      ? answer.records.map((text) => ({ selector, text, key: parseDkimKey(text) }))
      : [],
  );
  const names = dkimSelectors.map((selector) => `${selector}._domainkey.${domain}`).join(", ");
  if (seen.length === 0) {
    const failed = answers.find(({ answer }) => answer.kind === "failed");
    if (failed?.answer.kind === "failed") return unanswered("dkim", names, failed.answer.code);
    return finding({
      status: provider.envelope === "provider" ? "failed" : "warning",
      title: "DKIM key not found",
      explanation: `${who} usually has its keys under ${names}, but the DNS has none there. Without a signature of ${domain}, receivers trust the mail less${provider.envelope === "provider" ? " and it doesn't pass DMARC" : ""}.`,
      remedy: `Set up DKIM for ${domain} at ${who} and publish the records that it shows. If you chose another selector there, DKIM may already work.`,
    });
  }
  return finding(verdictOf(seen, who), seen);
}

/** One good key is enough, because the others may be retired or not in use yet. */
function verdictOf(seen: readonly SeenKey[], who: string): Omit<Finding, "check" | "seen"> {
  const good = seen.find(
    ({ key }) => key.kind === "usable" && (key.type !== "rsa" || key.bits >= minRsaBits),
  );
  if (good?.key.kind === "usable") {
    const { type, bits, isTesting } = good.key;
    const size = type === "rsa" ? `an RSA key of ${bits} bits` : "an Ed25519 key";
    if (isTesting) {
      return {
        status: "warning",
        title: "The DKIM key is in test mode",
        explanation: `${good.selector} is ${size} with the flag t=y, which asks receivers to ignore failures.`,
        remedy: "Remove t=y from the record once signatures pass.",
      };
    }
    return {
      status: "ok",
      title: "The DKIM key is published",
      explanation: `${good.selector} is ${size}.`,
      remedy: "",
    };
  }
  const problems = seen.map(({ selector, key }) => `${selector}: ${wordsFor(key)}.`);
  const isRevoked = seen.every(({ key }) => key.kind === "revoked");
  return {
    status: "failed",
    title: isRevoked ? "The DKIM key is revoked" : "The DKIM key can't be used",
    explanation: problems.slice(0, 4).join(" "),
    remedy: `Publish the key again exactly as ${who} shows it, with all of its characters.`,
  };
}

function wordsFor(key: DkimKey): string {
  switch (key.kind) {
    case "usable":
      return `its RSA key has ${key.bits} bits, and receivers ignore keys below ${minRsaBits} bits (RFC 8301)`;
    case "revoked":
      return "the key has been revoked, because its value is blank (RFC 6376 §3.6.1)";
    case "unusable":
      return key.problem;
  }
}
