/**
 * What a saved password is bound to, and when two destinations are the same one. It knows nothing of seals or
 * keys: `sealed-password.ts` seals what is listed here.
 */
import type { AuthMethod, TlsMode } from "../core/model.ts";
import { normaliseHost } from "../net/host.ts";
import type { SmtpSettings } from "../store/tables/smtp-configs.ts";

/**
 * Where a password is sent, and how. A change of any part might send it to another server. Two ways to write the
 * same destination are equal once normalised.
 */
export interface Destination {
  readonly server: string;
  readonly port: number;
  readonly useTls: boolean;
  readonly tlsMode: TlsMode;
  readonly caPem: string | null;
  readonly authMethod: AuthMethod;
  /** As it is: only the relay knows whether case matters. */
  readonly username: string | null;
}

/** The settings that a destination is made of. */
export type DestinationSettings = Pick<
  SmtpSettings,
  "smtpServer" | "smtpPort" | "useTls" | "tlsMode" | "caPem" | "authMethod" | "username"
>;

export function destinationOf(settings: DestinationSettings): Destination {
  return {
    // A row that was edited in the database may hold anything; its seal says so.
    server: normaliseHost(settings.smtpServer) ?? settings.smtpServer,
    port: settings.smtpPort,
    useTls: settings.useTls,
    tlsMode: settings.tlsMode,
    caPem: settings.caPem,
    authMethod: settings.authMethod,
    username: settings.username,
  };
}

/** The parts in the order in which seals cover them. A change of order breaks every seal. */
export function destinationFields(destination: Destination): (string | number | boolean | null)[] {
  const { server, port, useTls, tlsMode, caPem, authMethod, username } = destination;
  return [server, port, useTls, tlsMode, caPem, authMethod, username];
}

export function sameDestination(one: Destination, two: Destination): boolean {
  const fields = destinationFields(two);
  return destinationFields(one).every((field, index) => field === fields[index]);
}
