import type { Dns } from "../../net/dns.ts";
import { type DnsRecord, type Finding, shown, unanswered } from "../finding.ts";
import type { Sender } from "../sender.ts";
import type { DmarcRecord, DmarcRequest } from "./parse.ts";
import { type DmarcAt, findDmarc } from "./tree-walk.ts";

/** Checks what the domain asks of receivers for mail that passes neither SPF nor DKIM (RFC 9989). */
export async function checkDmarc(sender: Sender, dns: Dns): Promise<Finding> {
  const found = await findDmarc(sender.domain, dns);
  switch (found.kind) {
    case "failed":
      return unanswered("dmarc", found.name, found.code);
    case "none":
      return missing(sender, found.own);
    case "found":
      return verdictOf(sender, found.at, found.isOwn);
  }
}

function missing({ domain, owner }: Sender, own: DmarcAt): Finding {
  const common = { check: "dmarc", seen: own.texts.map(shown) } as const;
  const record: DnsRecord = { type: "TXT", name: `_dmarc.${domain}`, value: "v=DMARC1; p=none" };
  if (owner !== null) {
    return {
      ...common,
      status: "unknown",
      title: "DMARC record not found",
      explanation: `${domain} belongs to ${owner.name}, which hasn't published a DMARC record.`,
      remedy: "",
    };
  }
  if (own.texts.length > 0) {
    return {
      ...common,
      status: "failed",
      title: own.texts.length > 1 ? "More than one DMARC record" : "The DMARC record is invalid",
      explanation: "Receivers ignore it, as if the domain had no DMARC record.",
      remedy: `Publish only this record at _dmarc.${domain}. It only monitors (p=none) and doesn't affect delivery.`,
      record,
    };
  }
  return {
    ...common,
    status: "warning",
    title: "DMARC record not found",
    explanation: `Without DMARC, anyone can send with ${domain} in the From field. Gmail and Yahoo require a record from bulk senders.`,
    remedy:
      "Publish this record. It only monitors (p=none) and doesn't affect delivery. Add rua=mailto:… with your address to receive daily reports.",
    record,
  };
}

const requests: Readonly<Record<DmarcRequest, string>> = {
  none: "to deliver mail that passes neither SPF nor DKIM as before",
  quarantine: "to treat mail that passes neither SPF nor DKIM as suspicious",
  reject: "to reject mail that passes neither SPF nor DKIM",
};

function verdictOf(sender: Sender, at: DmarcAt & { record: DmarcRecord }, isOwn: boolean): Finding {
  const { record } = at;
  const common = {
    check: "dmarc",
    seen: at.texts.map((text) => shown(`_dmarc.${at.domain}: ${text}`)),
  } as const;
  const policy = isOwn ? record.policy : record.subdomains;
  if (policy === null) {
    return {
      ...common,
      status: "failed",
      title: "The DMARC record has no policy",
      explanation:
        "Its tag p must be none, quarantine or reject. Without a valid policy, receivers ignore the record.",
      remedy: "Start the record with v=DMARC1; p=none.",
    };
  }
  const softened = [
    ...(record.isTesting ? ["Because of t=y, receivers don't apply the policy."] : []),
    ...(record.percent < 100
      ? [`Because of pct=${record.percent}, the policy covers only part of the mail.`]
      : []),
  ];
  const explanation = [
    ...(isOwn ? [] : [`The record of ${at.domain} applies.`]),
    `It asks receivers ${requests[policy]}.`,
    ...softened,
    alignment(sender, record),
  ].join(" ");
  if (policy === "none") {
    return {
      ...common,
      status: "ok",
      title: "DMARC is in monitoring mode (p=none)",
      explanation,
      remedy:
        record.reportTo.length > 0
          ? "Change p to quarantine once the reports show that all of your mail passes, and later to reject."
          : "Add rua=mailto:… with your address. Receivers then report who sends with your domain.",
    };
  }
  return {
    ...common,
    status: "ok",
    title: `DMARC protects the domain (${policy})`,
    explanation,
    remedy: "",
  };
}

/** RFC 9989 §4.4: a pass counts only if it is for the domain in the From field. */
function alignment({ domain, provider }: Sender, { strictSpf, strictDkim }: DmarcRecord): string {
  const spf = `SPF counts for ${domain}${strictSpf ? " only" : " and its subdomains"}`;
  const dkim = `DKIM for ${strictDkim ? "exactly the same domain" : "any domain of the same organization"}`;
  const note =
    provider?.envelope === "provider"
      ? ` If ${provider.name} uses its own domain as the envelope sender, only its DKIM signature for ${domain} counts.`
      : "";
  return `${spf}, and ${dkim}.${note}`;
}
