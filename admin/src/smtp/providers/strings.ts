import type { Discovery } from "../../api/types.ts";

export const find = "Find your provider";
export const none = "No provider of this name is known here. Choose Another server and enter its settings.";
export const other = "Another server";
export const or = "or choose who sends your mail";
export const all = (count: number) => `All ${count} providers`;
export const change = "Change";
export const region = "Region";
export const filled = "Server, port and TLS are filled in.";
export const filledWithLimits = "Server, port, TLS and the provider's limits are filled in.";
export const filledAll =
  "Everything is filled in. Nothing leaves this machine: emails are caught under Sandbox.";
export const sandboxLead = "No account yet? Fills in everything, and nothing leaves this machine.";
export const findHint =
  "Finds the server, the port and how TLS starts. Nobody signs in, and no email is sent.";
export const findSearching = "Looking for settings";
export const findFound = (count: number) =>
  count === 0 ? "Nothing was found." : count === 1 ? "One was found." : `${count} were found.`;
export const findUse = "Use these";
export const findVerified = "Answers";
export const findNotVerified = "Not reached from here";
export const findSources = {
  catalogue: "From the list of known providers.",
  srv: "The domain names it in the DNS.",
  mx: "Mail of the domain is taken in there.",
  guess: "A name that is usual.",
} satisfies Record<Discovery["candidates"][number]["source"], string>;
