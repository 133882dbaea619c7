import { z } from "zod";
import { rfc3339 } from "../core/format.ts";
import type { Evidence } from "../smtp/observer.ts";

/** The part of the evidence that explanations read; people read the rest. */
export const connectEvidence = z.object({
  address: z.string(),
  failures: z.array(z.object({ address: z.string() })),
});
export const ehloEvidence = z.object({
  extensions: z.array(z.string()),
  authMechanisms: z.array(z.string()),
});
export const authEvidence = z.object({
  mechanism: z.string(),
  refusedMechanisms: z.array(z.string()).default([]),
});
export const tlsEvidence = z.object({
  names: z.array(z.string()),
  issuer: z.string(),
  validFrom: z.number(),
  validTo: z.number(),
  daysLeft: z.number(),
  fingerprint256: z.string(),
  faults: z.array(z.string()),
  chain: z.array(z.looseObject({ validTo: z.number() })),
  pin: z
    .object({ caPem: z.string(), subject: z.string(), fingerprint256: z.string(), validTo: z.number() })
    .nullable(),
});

/**
 * Evidence as the report shows it: times, which are milliseconds in evidence, become RFC 3339. The
 * certificate that could be trusted is left out: it belongs to the fix, which explains it.
 */
export function shown(evidence: Evidence): Evidence {
  const tls = tlsEvidence.safeParse(evidence).data;
  if (tls === undefined) return evidence;
  const { pin, ...rest } = evidence;
  return {
    ...rest,
    validFrom: rfc3339(tls.validFrom),
    validTo: rfc3339(tls.validTo),
    chain: tls.chain.map((certificate) => ({ ...certificate, validTo: rfc3339(certificate.validTo) })),
  };
}
