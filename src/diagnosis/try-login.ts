import type { Clock } from "../core/clock.ts";
import { isSendwrightError } from "../core/errors.ts";
import { connectWithoutSending } from "../guard/connect-without-sending.ts";
import type { Egress } from "../net/egress.ts";
import { leavesMechanismOpen } from "../smtp/auth.ts";
import type { Timeouts } from "../smtp/timeouts.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { FailedStage } from "./stages.ts";

export interface TryLoginOptions {
  readonly egress: Egress;
  readonly clock: Clock;
  readonly timeouts: Timeouts;
  /** The client went away, or the test has run out of time. */
  readonly signal: AbortSignal;
}

/**
 * Whether LOGIN is worth a try: it is offered, only PLAIN was used, and the relay did not judge the credentials. A
 * refused password is never sent again, because the account could be locked.
 */
export function mayTryLogin({ credentials }: ResolvedConfig, { failure, mechanisms }: FailedStage): boolean {
  const { code, reply, offered } = failure;
  if (code !== "smtp.auth_rejected" || reply === undefined) return false;
  if (credentials?.method !== "auto" && credentials?.method !== "plain") return false;
  if (mechanisms.join() !== "PLAIN" || !offered?.authMechanisms.includes("LOGIN")) return false;
  return leavesMechanismOpen({ ...reply, lines: reply.text.split("\n") });
}

/**
 * Signs in once by LOGIN at the endpoint of the config, and nowhere else: the server there got the same credentials
 * a moment ago, over the same TLS, so it learns nothing new.
 */
export async function loginWorks(target: ResolvedConfig, options: TryLoginOptions): Promise<boolean> {
  const { relay, credentials, allowCleartextAuth } = target;
  if (credentials === null || options.signal.aborted) return false;
  try {
    const connection = await connectWithoutSending({
      relay,
      credentials: { ...credentials, method: "login" },
      allowCleartextAuth,
      ...options,
    });
    // The result does not wait for the reply to QUIT.
    void connection.quit();
    return true;
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    return false;
  }
}
