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
              "The catalogue of providers; SRV records of the domain (RFC 6186); its MX; names that are usual",
            ),
          provider: z.string().nullable().describe("Whose server it is, as `id` of `/api/providers`"),
          smtpServer: z.string(),
          smtpPort: z.int(),
          useTls: z.boolean(),
          tlsMode: z.enum(tlsModes),
          username: z.string().nullable().describe("Null where it is not made of the address"),
          usernameHint: z.string().describe("What to enter"),
          passwordHint: z.string().describe("What to enter"),
          helpUrl: z.string().nullable().describe("The provider's own page about it"),
          verified: z
            .boolean()
            .describe("It answered, over TLS with a certificate in order. Nobody signed in"),
          detail: z.string().describe("What was seen, or why it cannot be used from here"),
        }),
      )
      .readonly()
      .describe("The best first"),
    provider: z
      .object({ id: z.string(), name: z.string() })
      .nullable()
      .describe("Who has the mailboxes of the domain, also if it offers no SMTP; null: not known"),
    notes: z.array(z.string()).readonly().describe("What else was learnt, a sentence each"),
  })
  .meta({ id: "Discovery" });
export type Discovery = z.infer<typeof discovery>;

export const dnsReport = z
  .object({
    domain: z.string().describe("Of the from email, in A-labels"),
    checkedAt: time,
    findings: z.array(
      z.object({
        check: z.enum(dnsChecks),
        status: z.enum(findingStatuses).describe("`unknown`: it cannot be told from here"),
        title: z.string(),
        explanation: z.string(),
        remedy: z.string().describe("Empty where there is nothing to do"),
        seen: z.array(z.string()).readonly().describe("The records that this is about"),
        record: z
          .object({ type: z.literal("TXT"), name: z.string(), value: z.string() })
          .optional()
          .describe("To be published"),
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
      .describe("What was seen, such as the addresses or the TLS version"),
    transcript: z
      .array(z.object({ from: z.enum(["client", "relay"]), text: z.string() }))
      .readonly()
      .describe("What was said, line by line, redacted"),
    problem: z
      .object({
        code: z.string(),
        title: z.string(),
        explanation: z.string(),
        remedy: z.string(),
        fix: z
          .record(z.string(), z.unknown())
          .optional()
          .describe("Fields of the config that would mend it, to be put into the form"),
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
      .describe("It was open up to the sign-in, and offers one if the config has a username; none was tried"),
    title: z.string().describe("Such as `587 with STARTTLS works`"),
    detail: z.string(),
    durationMs: z.number(),
    fix: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe("Fields of the config that lead there, to be put into the form; null where it does not work"),
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
        "Other ways to the server that were tried because the test failed before its sign-in; those that work come first",
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
        "Fields that look wrong: a username or password with an invisible character. Empty if the sign-in works. Saving accepts them",
      ),
  })
  .meta({ id: "TestReport" });
export type TestReport = z.infer<typeof testReport>;
