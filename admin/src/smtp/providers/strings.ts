import type { Discovery } from "../../api/types.ts";

export const find = "Find your provider";
export const none = "No known provider has this name. Choose Another server and enter its settings.";
export const other = "Another server";
export const or = "or choose your provider";
export const all = (count: number) => `All ${count} providers`;
export const change = "Change provider";
export const region = "Region";
export const filled = "Server, port and TLS are filled in.";
export const filledWithLimits = "Server, port, TLS and the provider's limits are filled in.";
export const filledAll =
  "Everything is filled in. The sandbox captures every email, so nothing leaves this machine.";
export const sandboxLead = "No account yet? Fills in everything, and nothing leaves this machine.";
export const findHint = "Finds the server, port and TLS mode. It doesn't authenticate or send an email.";
export const findSearching = "Looking for settings";
export const findFound = (count: number) =>
  count === 0 ? "No settings found." : count === 1 ? "1 result found." : `${count} results found.`;
export const findUse = "Apply to form";
export const findVerified = "Reachable";
export const findNotVerified = "Not reachable from here";
export const findSources = {
  catalogue: "From the list of known providers.",
  srv: "From the domain's SRV record.",
  mx: "From the domain's MX record.",
  guess: "A common host name.",
} satisfies Record<Discovery["candidates"][number]["source"], string>;
