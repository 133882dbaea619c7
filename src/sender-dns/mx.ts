import type { Dns } from "../net/dns.ts";
import { type Finding, shown, unanswered } from "./finding.ts";

/** Mail exchangers whose addresses are looked up: the domain must not decide how many questions are asked. */
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
      title: "The domain says that it takes no mail",
      explanation: `Its MX is a dot (RFC 7505): replies and bounces to ${domain} are refused, and some receivers refuse mail from it.`,
      remedy: "Send with a domain that takes mail, or publish the MX of your mail host instead.",
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
      title: "Its mail exchangers have no address",
      explanation: `None of the names in the MX of ${domain} leads anywhere, so that replies and bounces are lost.`,
      remedy: "Correct the MX records: their names must have an A or AAAA record.",
      seen,
    };
  }
  return {
    check: "mx",
    status: "ok",
    title: "Replies and bounces can arrive",
    explanation:
      exchanges.length === 1
        ? `${domain} names the server that takes its mail.`
        : `${domain} names ${exchanges.length} servers that take its mail.`,
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
      title: "There is no MX record",
      explanation: `Mail to ${domain} goes to its own address then (RFC 5321 §5.1), where often no mail server listens: replies and bounces may be lost.`,
      remedy: "Publish the MX of the server that takes mail for the domain.",
      seen: [],
    };
  }
  return {
    check: "mx",
    status: "failed",
    title: "The domain takes no mail",
    explanation: `${domain} has neither an MX nor an address. Many receivers refuse senders whom they could not answer.`,
    remedy: "Publish the MX of your mail host, or use a from email of a domain that takes mail.",
    seen: [],
  };
}

function noDomain(domain: string): Finding {
  return {
    check: "mx",
    status: "failed",
    title: "The domain does not exist",
    explanation: `The DNS knows no ${domain}. Receivers refuse mail from domains that do not exist.`,
    remedy: "Check the spelling of the from email, or register the domain.",
    seen: [],
  };
}
