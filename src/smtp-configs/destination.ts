import type { AuthMethod, TlsMode } from "../core/model.ts";
import { normaliseHost } from "../net/host.ts";

/**
 * What a saved password is bound to: whoever changes one of these might send it to somebody else.
 * Two ways to write the same destination are equal once normalised.
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

/** The settings that a destination is made of, as configs hold them. */
export interface DestinationSettings {
  readonly smtpServer: string;
  readonly smtpPort: number;
  readonly useTls: boolean;
  readonly tlsMode: TlsMode;
  readonly caPem: string | null;
  readonly authMethod: AuthMethod;
  readonly username: string | null;
}

export function destinationOf(settings: DestinationSettings): Destination {
  return {
    // A row changed by other hands may hold anything; its seal says so.
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
