import type { Dns } from "../net/dns.ts";
import { checkDkim } from "./dkim/check.ts";
import { checkDmarc } from "./dmarc/check.ts";
import type { Finding } from "./finding.ts";
import { checkMx } from "./mx.ts";
import type { Sender } from "./sender.ts";
import { checkSpf } from "./spf/check.ts";

/** The findings of all checks, in the order of `dnsChecks`. */
export function checkDomain(sender: Sender, dns: Dns): Promise<Finding[]> {
  return Promise.all([
    checkSpf(sender, dns),
    checkDkim(sender, dns),
    checkDmarc(sender, dns),
    checkMx(sender.domain, dns),
  ]);
}
