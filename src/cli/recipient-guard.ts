import type { ServerOptions } from "../core/environment.ts";
import { RecipientGuard } from "../guard/recipient-guard.ts";
import { parseRecipientRule } from "../guard/rule.ts";

/**
 * The guard of a command beside a server, whose sandbox it uses.
 * @throws SendwrightError `input.invalid`, naming SENDWRIGHT_RECIPIENTS
 */
export function guardOf({ recipients, sandboxPort }: ServerOptions): RecipientGuard {
  const sandbox = sandboxPort === 0 ? null : { host: "127.0.0.1", port: sandboxPort };
  return new RecipientGuard(parseRecipientRule(recipients), sandbox);
}
