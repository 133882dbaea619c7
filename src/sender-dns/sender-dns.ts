// Checks what receivers find in the DNS about the sender: SPF, DKIM, DMARC and MX.
// RFC 7208 (SPF), RFC 6376 (DKIM), RFC 9989 (DMARC), RFC 7505 (null MX).
// It does not verify received messages or change the DNS: a finding says which record to publish.
import type { Clock } from "../core/clock.ts";
import type { Actor } from "../core/model.ts";
import { parse } from "../core/parse.ts";
import { UserRateLimit } from "../core/rate-limit.ts";
import { parseAddress } from "../message/address.ts";
import type { OpenDns } from "../net/dns.ts";
import { normaliseHost } from "../net/host.ts";
import { providerOfMailDomain, providerOfServer } from "../providers/catalog.ts";
import { smtpConfigSender } from "../smtp-configs/settings.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import { checkDomain } from "./check-domain.ts";
import type { Finding } from "./finding.ts";

/** What the DNS says about the domain of a sender. */
export interface DnsReport {
  readonly domain: string;
  /** Milliseconds since the epoch. */
  readonly checkedAt: number;
  readonly findings: readonly Finding[];
}

export interface SenderDnsDependencies {
  readonly configs: SmtpConfigs;
  readonly clock: Clock;
  readonly openDns: OpenDns;
}

/** For all questions together: a person may wait for the report. */
const deadlineMs = 8_000;

interface SenderSettings {
  readonly fromEmail: string;
  readonly smtpServer: string;
}

/** Checks a sender's domain once, without a rate limit. A question that is not answered is a finding. */
export async function checkSender(
  { fromEmail, smtpServer }: SenderSettings,
  { clock, openDns }: Pick<SenderDnsDependencies, "clock" | "openDns">,
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

/** Checks the DNS of senders when an admin asks. */
export class SenderDns {
  readonly #dependencies: SenderDnsDependencies;
  readonly #rateLimit: UserRateLimit;

  constructor(dependencies: SenderDnsDependencies) {
    this.#dependencies = dependencies;
    this.#rateLimit = new UserRateLimit(dependencies.clock, { name: "domain check", perMinute: 20 });
  }

  /**
   * Checks the sender and the server of a saved config.
   * @throws SendwrightError `config.not_found`; `test.busy` as `draft` does.
   */
  async saved(id: string, actor: Actor): Promise<DnsReport> {
    const { settings } = await this.#dependencies.configs.get(id);
    return this.#check(settings, actor);
  }

  /**
   * Checks a sender and a server that are not saved.
   * @throws SendwrightError `input.invalid`; `test.busy` while this actor's last check still runs, or after
   * 20 in a minute.
   */
  async draft(body: unknown, actor: Actor): Promise<DnsReport> {
    return this.#check(parse(smtpConfigSender, body), actor);
  }

  async #check(sender: SenderSettings, actor: Actor): Promise<DnsReport> {
    const release = this.#rateLimit.acquire(actor.id);
    try {
      return await checkSender(sender, this.#dependencies);
    } finally {
      release();
    }
  }
}
