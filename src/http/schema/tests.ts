import { z } from "zod";
import { stages, tlsModes } from "../../core/model.ts";
import { proposalSources } from "../../discovery/proposals.ts";
import { dnsChecks, findingStatuses } from "../../sender-dns/finding.ts";
import { time } from "./common.ts";

export const discovery = z
  .object({
    candidates: z
      .array(
        z.object({
          source: z
            .enum(proposalSources)
            .describe(
              "Source of the settings: provider catalog, SRV records (RFC 6186), MX records or common host names",
            ),
          provider: z
            .string()
            .nullable()
            .describe("`id` of the provider in `/api/providers`. Null if unknown"),
          smtpServer: z.string(),
          smtpPort: z.int(),
          useTls: z.boolean(),
          tlsMode: z.enum(tlsModes),
          username: z.string().nullable().describe("Username, if it follows from the address. Null if not"),
          usernameHint: z.string().describe("Hint for the username"),
          passwordHint: z.string().describe("Hint for the password"),
          helpUrl: z.string().nullable().describe("URL of the provider's documentation. Null if none"),
          verified: z
            .boolean()
            .describe(
              "True if the server responded over TLS with a valid certificate, without authentication",
            ),
          detail: z.string().describe("Result of the connection, or the reason it cannot be used"),
        }),
      )
      .readonly()
      .describe("Candidates, best first"),
    provider: z
      .object({ id: z.string(), name: z.string() })
      .nullable()
      .describe("Mailbox provider of the domain, even if it offers no SMTP. Null if unknown"),
    notes: z.array(z.string()).readonly().describe("Notes, one sentence each"),
  })
  .meta({ id: "Discovery" });
export type Discovery = z.infer<typeof discovery>;

export const dnsReport = z
  .object({
    domain: z.string().describe("Domain of the From email, in A-labels"),
    checkedAt: time,
    findings: z.array(
      z.object({
        check: z.enum(dnsChecks),
        status: z
          .enum(findingStatuses)
          .describe("Status of the finding; `unknown` if Sendwright cannot determine it"),
        title: z.string(),
        explanation: z.string(),
        remedy: z.string().describe("Remedy; empty if no action is needed"),
        seen: z.array(z.string()).readonly().describe("DNS records found"),
        record: z
          .object({ type: z.literal("TXT"), name: z.string(), value: z.string() })
          .optional()
          .describe("DNS record to publish"),
      }),
    ),
  })
  .meta({ id: "DnsReport" });
export type DnsReport = z.infer<typeof dnsReport>;
export type DnsFinding = DnsReport["findings"][number];

export const testStage = z
  .object({
    stage: z.enum(stages),
    status: z.enum(["passed", "failed", "warning", "skipped"]),
    durationMs: z.number(),
    evidence: z
      .record(z.string(), z.unknown())
      .describe("Evidence of the stage, such as the addresses or the TLS version"),
    transcript: z
      .array(z.object({ from: z.enum(["client", "relay"]), text: z.string() }))
      .readonly()
      .describe("SMTP transcript, line by line, redacted"),
    problem: z
      .object({
        code: z.string(),
        title: z.string(),
        explanation: z.string(),
        remedy: z.string(),
        fix: z
          .record(z.string(), z.unknown())
          .optional()
          .describe("Config fields that fix the problem, for the form"),
      })
      .optional(),
  })
  .meta({ id: "TestStage" });
export type TestStage = z.infer<typeof testStage>;

const correction = z
  .object({
    smtpServer: z.string(),
    smtpPort: z.int(),
    useTls: z.boolean(),
    tlsMode: z.enum(tlsModes),
    works: z
      .boolean()
      .describe("True if everything up to authentication works; authentication was not tested"),
    title: z.string().describe("Result, such as `587 with STARTTLS works`"),
    detail: z.string(),
    durationMs: z.number(),
    fix: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe("Config fields to use it, for the form. Null if it does not work"),
  })
  .meta({ id: "Correction" });
export type Correction = z.infer<typeof correction>;

export const testReport = z
  .object({
    ok: z.boolean(),
    durationMs: z.number(),
    stages: z.array(testStage),
    corrections: z
      .array(correction)
      .describe(
        "Other ports that were tested because the test failed before authentication, working ones first",
      ),
    warnings: z
      .array(
        z.object({
          pointer: z.string().describe("JSON Pointer to the field, such as `/password`"),
          detail: z.string(),
        }),
      )
      .readonly()
      .describe(
        "Suspicious fields: a username or password with an invisible character. Empty if authentication works. You can still save them",
      ),
  })
  .meta({ id: "TestReport" });
export type TestReport = z.infer<typeof testReport>;
