type Variables = Readonly<Record<string, string | undefined>>;

export interface GivenVariables {
  /** The variables as they were meant. */
  readonly given: Variables;
  /** Those that Kubernetes or Docker sets for a service whose name begins with `sendwright`. */
  readonly serviceLinks: readonly string[];
}

/**
 * What Kubernetes sets in every container for each service of its namespace, from the service's name
 * (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables), as Docker's links did.
 */
const serviceLink = /_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/;
/** The service `sendwright-smtp` sets `SENDWRIGHT_SMTP_PORT`, which is an option too; its value tells them apart. */
const serviceAddress = /^(?:tcp|udp|sctp):\/\//i;

/**
 * The variables of Sendwright, without those of service links. A byte order mark before a name or a value and a carriage
 * return behind a value come from the file that set them, and are no part of them.
 */
export function givenVariables(env: Variables): GivenVariables {
  const given: Record<string, string> = {};
  const serviceLinks: string[] = [];
  for (const [key, raw] of Object.entries(env)) {
    const name = key.replace(/^\uFEFF/, "");
    if (raw === undefined || !name.startsWith("SENDWRIGHT_")) continue;
    const value = raw.replace(/^\uFEFF/, "").replace(/\r$/, "");
    const isLink = serviceLink.test(name) || (name.endsWith("_PORT") && serviceAddress.test(value));
    if (isLink) serviceLinks.push(name);
    else given[name] = value;
  }
  return { given, serviceLinks };
}
