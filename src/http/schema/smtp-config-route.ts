import { z } from "zod";
import { recipientFates } from "../../guard/fate.ts";
import { mailbox, timeOrNull } from "./common.ts";
import { routeReasons } from "./emails.ts";

const configRef = z.object({ id: z.string(), name: z.string() });
const sentence = z.string().describe("The same in words");

const decision = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("send"), config: configRef, ...routeReasons, sentence }),
    z.object({
      kind: z.literal("wait"),
      config: configRef.describe("The config that can be used first"),
      until: timeOrNull("Null if it isn't known when"),
      sentence,
    }),
    z.object({
      kind: z.literal("stuck"),
      because: z
        .enum(["none-on", "all-refused"])
        .describe("`none-on`: no config that may send it can be used; `all-refused`: each has rejected it"),
      sentence,
    }),
  ])
  .meta({ id: "RouteDecision" });

const candidate = z.object({
  ...configRef.shape,
  sendsAs: mailbox.describe("Sender that recipients see if it sends the email"),
  replyTo: z.array(mailbox).readonly().describe("Where answers go; empty: to the sender"),
  state: z
    .enum(["available", "paused", "limit", "unusable", "off"])
    .describe("`unusable`: it needs its password or its consent again"),
  until: timeOrNull(
    "End of the pause or of the limit. Null if it isn't known, or the next email tries the config",
  ),
  reason: z.string().nullable().describe("Null if it is available or off"),
});

export const routeAnswer = z
  .object({
    decision,
    candidates: z
      .array(candidate)
      .describe(
        "Configs that may send it, in the order in which they are tried; the unusable ones stand last",
      ),
    to: z
      .object({
        address: z.string(),
        needsSmtpUtf8: z.boolean().describe("The SMTP server must offer SMTPUTF8 (RFC 6531)"),
        fate: z
          .enum(recipientFates)
          .describe("What `SENDWRIGHT_RECIPIENTS` makes of this recipient; `sent` if it is not set"),
        sentTo: z.array(z.string()).readonly().describe("Who gets the email on this machine"),
      })
      .nullable()
      .describe("Null if no recipient was given"),
  })
  .meta({ id: "RouteAnswer" });
export type RouteAnswer = z.infer<typeof routeAnswer>;
