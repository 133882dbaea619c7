import type { Dns } from "../net/dns.ts";
import { type Finding, shown, unanswered } from "./finding.ts";

/** Mail exchangers whose addresses are looked up: the domain must not decide the number of queries. */
const maxExchanges = 5;

/** Whether replies and bounces can come back to the domain (RFC 5321 §5.1, RFC 7505). */
export async function checkMx(domain: string, dns: Dns): Promise<Finding> {
  const answer = await dns.mx(domain);
  if (answer.kind === "failed") return unanswered("mx", domain, answer.code);
  if (answer.kind === "none") return answer.nameExists ? withoutMx(domain, dns) : noDomain(domain);

  const exchanges = answer.records.toSorted((one, two) => one.priority - two.priority);
  const seen = exchanges.map(({ priority, exchange }) =>
    shown(`${priority} ${exchange === "" ? "." : exchange}`),
  );
  if (exchanges.some(({ exchange }) => exchange === "")) {
    return {
      check: "mx",
      status: "failed",
      title: "The domain doesn't accept mail",
      explanation: `The MX of ${domain} is a dot (RFC 7505), so replies and bounces are rejected. Some receivers reject mail from such a domain.`,
      remedy: "Send from a domain that accepts mail, or publish the MX of your mail host instead.",
      seen,
    };
  }
  const answers = await Promise.all(
    exchanges.slice(0, maxExchanges).map(({ exchange }) => dns.addresses(exchange)),
  );
  if (answers.every(({ kind }) => kind === "none")) {
    return {
      check: "mx",
      status: "failed",
      title: "The MX names have no address",
      explanation: `The names in the MX of ${domain} don't resolve to an address, so replies and bounces are lost.`,
      remedy: "Correct the MX records. Each name must have an A or AAAA record.",
      seen,
    };
  }
  return {
    check: "mx",
    status: "ok",
    title: "Replies and bounces can arrive",
    explanation:
      exchanges.length === 1 ? `${domain} has 1 MX server.` : `${domain} has ${exchanges.length} MX servers.`,
    remedy: "",
    seen,
  };
}

async function withoutMx(domain: string, dns: Dns): Promise<Finding> {
  const answer = await dns.addresses(domain);
  if (answer.kind === "failed") return unanswered("mx", domain, answer.code);
  if (answer.kind === "found") {
    return {
      check: "mx",
      status: "warning",
      title: "MX record not found",
      explanation: `Without an MX, mail to ${domain} goes to the domain's own address (RFC 5321 §5.1). Often no mail server listens there, and replies and bounces are lost.`,
      remedy: "Publish the MX of the server that accepts mail for the domain.",
      seen: [],
    };
  }
  return {
    check: "mx",
    status: "failed",
    title: "The domain can't receive mail",
    explanation: `${domain} has neither an MX nor an address. Many receivers reject senders that they can't reply to.`,
    remedy: "Publish the MX of your mail host, or use a From email of a domain that accepts mail.",
    seen: [],
  };
}

function noDomain(domain: string): Finding {
  return {
    check: "mx",
    status: "failed",
    title: "Domain not found",
    explanation: `${domain} doesn't exist in the DNS. Receivers reject mail from domains that don't exist.`,
    remedy: "Check the spelling of the From email, or register the domain.",
    seen: [],
  };
}
