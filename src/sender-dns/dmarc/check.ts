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
      title: "There is no DMARC record",
      explanation: `${domain} belongs to ${owner.name}, which has published none.`,
      remedy: "",
    };
  }
  if (own.texts.length > 0) {
    return {
      ...common,
      status: "failed",
      title: own.texts.length > 1 ? "There is more than one DMARC record" : "The DMARC record cannot be read",
      explanation: "Receivers go on as if there were none.",
      remedy: `Leave one record at _dmarc.${domain}. This one is right, and asks for nothing yet.`,
      record,
    };
  }
  return {
    ...common,
    status: "warning",
    title: "There is no DMARC record",
    explanation: `Anybody can write ${domain} into the From field, and Gmail and Yahoo want a record of those who send much.`,
    remedy:
      "Publish this one: it asks for nothing yet. With rua=mailto:… and an address of yours at its end, receivers send you daily reports.",
    record,
  };
}

const requests: Readonly<Record<DmarcRequest, string>> = {
  none: "to let such mail through as before",
  quarantine: "to treat such mail as suspicious",
  reject: "to refuse such mail",
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
      title: "The DMARC record says no policy",
      explanation:
        "Its tag p is missing or is none of none, quarantine and reject, so that receivers ask for nothing.",
      remedy: "Begin the record with v=DMARC1; p=none.",
    };
  }
  const softened = [
    ...(record.isTesting ? ["t=y asks receivers not to act on it."] : []),
    ...(record.percent < 100 ? [`pct=${record.percent} asks it for a part of the mail only.`] : []),
  ];
  const explanation = [
    ...(isOwn ? [] : [`The record of ${at.domain} counts here.`]),
    `It asks receivers ${requests[policy]} that neither SPF nor DKIM speaks for.`,
    ...softened,
    alignment(sender, record),
  ].join(" ");
  if (policy === "none") {
    return {
      ...common,
      status: "ok",
      title: "DMARC watches, and asks for nothing",
      explanation,
      remedy:
        record.reportTo.length > 0
          ? "Once the reports show that all of your mail passes, change p to quarantine, and later to reject."
          : "Add rua=mailto:… with an address of yours, so that receivers report who sends with your domain.",
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
  const spf = `SPF counts for ${domain}${strictSpf ? " itself" : " and its subdomains"}`;
  const dkim = `DKIM for ${strictDkim ? "the same domain to the letter" : "the same organisation"}`;
  const note =
    provider?.envelope === "provider"
      ? ` ${provider.name} may put its own domain into the envelope: then only its DKIM signature for ${domain} counts.`
      : "";
  return `${spf}, ${dkim}.${note}`;
}
