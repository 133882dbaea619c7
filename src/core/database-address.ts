/**
 * User and password, host with port, path and query of a URI (RFC 3986 §3). There is one `@` at most, before the first
 * slash and question mark: another one shows that a sign of the password has ended the host's name too early.
 */
const form = /^postgres(?:ql)?:\/\/(?:[^@/?#]*@(?!\?|$))?([^@/?#]*)(?:\/[^@?#]*)?(?:\?[^@#]*)?$/;
const hostAndPort = /^(?:\[[\da-f:.]+\]|[^:[\]]*)(?::\d{1,5})?$/i;
/** A space or a lone percent sign has `pg` encode the whole address once more; URL parsers drop tabs and line ends. */
const unencoded = /[\s\p{Cc}]|%(?![\da-f]{2})/iu;

/** How the address of a PostgreSQL database has to be. It repeats nothing of the one that is wrong. */
export const databaseAddressRule =
  "must be a URL such as postgres://user:password@host/database; percent-encode user and password: % as %25, # as %23, @ as %40, / as %2F, ? as %3F";

/**
 * Whether an address means one user, password, host and database. One with a password that is not percent-encoded
 * (RFC 3986 §3.2.1) may mean others, and an attempt to connect would then tell a piece of the password.
 */
export function isDatabaseAddress(text: string): boolean {
  const parts = form.exec(text);
  if (parts === null || unencoded.test(text)) return false;
  return hostAndPort.test(parts[1] ?? "") && isDecodable(text);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
