// Sends one hostile body when it is told to, in a process of its own; hostile.ts starts it.
import { once } from "node:events";
import { hostile } from "../../test/support/hostile.ts";

/** What to send: a shape of test/support/hostile.ts, as the body or in the place of the recipients. */
export interface HostileOrder {
  readonly url: string;
  readonly apiKey: string;
  readonly shape: string;
  readonly bytes: number;
  readonly asRecipients: boolean;
}

process.on("message", async (order: HostileOrder | { readonly go: true }) => {
  if ("go" in order) return;
  const { url, apiKey, shape, bytes, asRecipients } = order;
  const text = hostile[shape]?.(bytes) ?? "";
  const body = Buffer.from(asRecipients ? `{"to":${text},"subject":"x","text":"x"}` : text);
  process.send?.("ready");
  await once(process, "message");
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body });
  await response.arrayBuffer();
  process.send?.(response.status);
});
process.on("disconnect", () => process.exit());
