import type { Issue } from "../core/errors.ts";
import type { Stage } from "../core/model.ts";
import type { Credentials } from "../smtp/relay.ts";
import { holdsInvisible } from "../smtp-configs/invisible.ts";
import type { Failure, Problem } from "./explain.ts";
import { loopback } from "./explanations/rule.ts";

/** Certificates are renewed at least a month before they expire: with fewer days left, the renewal has failed. */
const fewDaysLeft = 21;

/** What a stage that passed has found. */
interface PassedStage {
  readonly stage: Stage;
  readonly relay: Failure["relay"];
  /** Until the certificate expires; null if the stage showed none. */
  readonly daysLeft: number | null;
  /** The addresses that did not answer, before one that did. */
  readonly deadAddresses: readonly string[];
}

/** A problem that does not stop sending yet but needs attention; null if there is none. */
export function warningFor({ stage, relay, daysLeft, deadAddresses }: PassedStage): Problem | null {
  if (stage === "connect" && deadAddresses.length > 0) {
    return {
      code: "connect.some_addresses_dead",
      title: "Some addresses don't respond",
      explanation: `${relay.host} has several addresses, and these didn't respond: ${deadAddresses.join(", ")}. Sending works, but each new connection can be delayed.`,
      remedy:
        "Check these addresses with the server's administrator. If they are IPv6 addresses, check this machine's IPv6 settings.",
    };
  }
  if (stage === "tls" && daysLeft !== null && daysLeft < fewDaysLeft) {
    return {
      code: "tls.expires_soon",
      title: "The certificate expires soon",
      explanation: `The certificate of ${relay.host} expires in ${days(daysLeft)}. After that, Sendwright can't send through this server.`,
      remedy: "Ask the server's administrator to renew it.",
    };
  }
  if (stage === "auth" && relay.tls === "none" && !loopback.test(relay.host)) {
    return {
      code: "auth.in_the_clear",
      title: "The password is sent unencrypted",
      explanation: `Anyone on the network path to ${relay.host} can read the username and password.`,
      remedy: "Turn on Use TLS if the server supports it.",
    };
  }
  return null;
}

/**
 * What looks wrong in the username and the password as they were entered. The words reveal nothing else about the
 * password.
 */
export function inputWarnings(credentials: Credentials | null): readonly Issue[] {
  if (credentials === null) return [];
  return (["username", "password"] as const)
    .filter((field) => holdsInvisible(credentials[field]))
    .map((field) => ({
      pointer: `/${field}`,
      detail: "has an invisible character, such as a no-break space, or starts or ends with a space",
    }));
}

function days(count: number): string {
  if (count <= 0) return "less than a day";
  return count === 1 ? "1 day" : `${count} days`;
}
