import { z } from "zod";
import { recipientFates } from "../../guard/fate.ts";
import { mailbox, timeOrNull } from "./common.ts";
import { routeReasons } from "./emails.ts";

const configRef = z.object({ id: z.string(), name: z.string() });
const sentence = z.string().describe("Decision as a sentence");

const decision = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("send"), config: configRef, ...routeReasons, sentence }),
    z.object({
      kind: z.literal("wait"),
      config: configRef.describe("Config that becomes available first"),
      until: timeOrNull("Time it becomes available. Null if unknown"),
      sentence,
    }),
    z.object({
      kind: z.literal("stuck"),
      because: z
        .enum(["none-on", "all-refused"])
        .describe(
          "Reason: `none-on` if no config that may send it is available, `all-refused` if all have rejected it",
        ),
      sentence,
    }),
  ])
  .meta({ id: "RouteDecision" });

const candidate = z.object({
  ...configRef.shape,
  sendsAs: mailbox.describe("Sender that recipients see if this config sends the email"),
  replyTo: z.array(mailbox).readonly().describe("Reply-to addresses; empty if replies go to the sender"),
  state: z
    .enum(["available", "paused", "limit", "unusable", "off"])
    .describe("State of the config; `unusable` if it needs its password or provider connection again"),
  until: timeOrNull(
    "End of the pause or of the limit. Null if it is unknown or the next email tests the config",
  ),
  reason: z.string().nullable().describe("Reason. Null if the config is available or off"),
});

export const routeAnswer = z
  .object({
    decision,
    candidates: z
      .array(candidate)
      .describe("Configs that may send the email, in order, with the unavailable ones last"),
    to: z
      .object({
        address: z.string(),
        needsSmtpUtf8: z.boolean().describe("True if the SMTP server must support SMTPUTF8 (RFC 6531)"),
        fate: z
          .enum(recipientFates)
          .describe("Effect of `SENDWRIGHT_RECIPIENTS` on this recipient; `sent` if it is not set"),
        sentTo: z.array(z.string()).readonly().describe("Addresses that get the email on this machine"),
      })
      .nullable()
      .describe("Checked recipient. Null if the request has none"),
  })
  .meta({ id: "RouteAnswer" });
export type RouteAnswer = z.infer<typeof routeAnswer>;
