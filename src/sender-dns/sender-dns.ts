import type { Clock } from "../core/clock.ts";
import type { Actor } from "../core/model.ts";
import { parse } from "../core/parse.ts";
import { UserRateLimit } from "../core/rate-limit.ts";
import { parseAddress } from "../message/address.ts";
import type { Dns, DnsOptions } from "../net/dns.ts";
import { normaliseHost } from "../net/host.ts";
import { providerOfMailDomain, providerOfServer } from "../providers/catalog.ts";
import { smtpConfigSender } from "../smtp-configs/settings.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import { checkDomain } from "./check-domain.ts";
import type { Finding } from "./finding.ts";

/** How the domain of a sender stands in the DNS. */
export interface DnsReport {
  readonly domain: string;
  readonly checkedAt: number;
  readonly findings: readonly Finding[];
}

export interface DnsHealth {
  /**
   * Of a saved config, as saved.
   * @throws SendwrightError `config.not_found`; `test.busy` as `draft` does.
   */
  saved(id: string, actor: Actor): Promise<DnsReport>;
  /**
   * Of a sender and a server that are not saved.
   * @throws SendwrightError `input.invalid`; `test.busy` where this actor's last check still runs, or there
   * were too many in a minute.
   */
  draft(body: unknown, actor: Actor): Promise<DnsReport>;
}

export interface DnsHealthParts {
  readonly configs: SmtpConfigs;
  readonly clock: Clock;
  readonly openDns: (options: Pick<DnsOptions, "signal">) => Dns;
}

/** For all questions together: somebody is waiting. */
const deadlineMs = 8_000;

/** One check of a sender's domain, by whoever. @throws nothing: what is not answered is a finding */
export async function checkSender(
  { fromEmail, smtpServer }: { readonly fromEmail: string; readonly smtpServer: string },
  { clock, openDns }: Pick<DnsHealthParts, "clock" | "openDns">,
): Promise<DnsReport> {
  const deadline = new AbortController();
  const endDeadline = clock.after(deadlineMs, () => deadline.abort());
  try {
    const { domain } = parseAddress(fromEmail);
    const sender = {
      domain,
      server: normaliseHost(smtpServer) ?? smtpServer,
      provider: providerOfServer(smtpServer),
      owner: providerOfMailDomain(domain),
    };
    const findings = await checkDomain(sender, openDns({ signal: deadline.signal }));
    return { domain, checkedAt: clock.now(), findings };
  } finally {
    endDeadline();
  }
}

export function createDnsHealth({ configs, clock, openDns }: DnsHealthParts): DnsHealth {
  const rateLimit = new UserRateLimit(clock, { name: "domain check", perMinute: 20 });

  async function check(fromEmail: string, smtpServer: string, actor: Actor): Promise<DnsReport> {
    const release = rateLimit.acquire(actor.id);
    try {
      return await checkSender({ fromEmail, smtpServer }, { clock, openDns });
    } finally {
      release();
    }
  }

  return {
    async saved(id, actor) {
      const { fromEmail, smtpServer } = await configs.get(id);
      return check(fromEmail, smtpServer, actor);
    },
    async draft(body, actor) {
      const { fromEmail, smtpServer } = parse(smtpConfigSender, body);
      return check(fromEmail, smtpServer, actor);
    },
  };
}
