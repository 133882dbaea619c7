import { z } from "zod";
import { pageOf, time } from "./common.ts";

export const sandboxEmailSummary = z
  .object({
    id: z.string(),
    receivedAt: time,
    from: z.string().describe("Address of MAIL FROM; empty if it was the null reverse-path"),
    to: z.array(z.string()).describe("Addresses of RCPT TO, including Bcc"),
    subject: z.string(),
    sizeBytes: z.int(),
  })
  .meta({ id: "SandboxEmailSummary" });
export type SandboxEmailSummary = z.infer<typeof sandboxEmailSummary>;

export const sandboxEmailList = pageOf(sandboxEmailSummary);

export const sandboxEmail = z
  .object({
    ...sandboxEmailSummary.shape,
    html: z.string().nullable(),
    text: z.string().nullable(),
    headers: z.array(z.object({ name: z.string(), value: z.string() })),
    attachments: z.array(
      z.object({
        filename: z.string().nullable(),
        contentType: z.string(),
        contentId: z.string().nullable(),
        inline: z.boolean(),
        sizeBytes: z.int(),
      }),
    ),
  })
  .meta({ id: "SandboxEmail" });
export type SandboxEmail = z.infer<typeof sandboxEmail>;
