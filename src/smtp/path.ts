import { domainToASCII } from "node:url";
import { SendwrightError } from "../core/errors.ts";

/** RFC 5321 §4.5.3.1.1 and §4.5.3.1.3, in octets: a path may have 256 with its angle brackets. */
const maxLocalPartBytes = 64;
const maxAddressBytes = 254;

/** Atoms and dots, or a quoted string; non-ASCII by RFC 6531 §3.3. Neither holds what ends a line, nor, unquoted, a path. */
const localPart = /^(?:[^\s\p{Cc}()<>[\]:;@\\,"]+|"(?:[^\p{Cc}\p{Zl}\p{Zp}\\"]|\\[ -~])*")$/u;
const asciiDomain = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[A-Za-z0-9:.]+\])$/u;
const ascii = /^\p{ASCII}*$/u;

/** What URL parsing, by which domains get their A-labels, drops or takes for the end of the name. */
const endsName = /[\s\p{Cc}/\\?#%]/u;

/** A reverse-path or forward-path, ready for MAIL FROM and RCPT TO (RFC 5321 §4.1.2). */
export interface Path {
  /** With angle brackets; its domain in A-labels. */
  readonly text: string;
  /** A local part outside ASCII travels only with SMTPUTF8 (RFC 6531 §3.2). */
  readonly needsSmtpUtf8: boolean;
}

/** The null reverse-path `<>` of notifications (RFC 5321 §4.5.5). */
const nullPath: Path = { text: "<>", needsSmtpUtf8: false };

/** @throws SendwrightError `address.invalid` */
export function reversePath(address: string): Path {
  return address === "" ? nullPath : forwardPath(address);
}

/**
 * The last guard before the wire: a CR, LF, blank or `>` in an address would be a command of its own.
 * @throws SendwrightError `address.invalid`
 */
export function forwardPath(address: string): Path {
  const at = address.lastIndexOf("@");
  const local = address.slice(0, at);
  const written = address.slice(at + 1);
  // RFC 6531 §3.2 would allow U-labels; A-labels are understood by every relay behind this one too.
  const domain = ascii.test(written) ? written : domainToASCII(written);
  if (at === -1 || endsName.test(written) || !localPart.test(local) || !asciiDomain.test(domain)) {
    throw new SendwrightError("address.invalid", `${JSON.stringify(address)} is not a valid email address.`);
  }
  const path = `${local}@${domain}`;
  if (Buffer.byteLength(local) > maxLocalPartBytes || Buffer.byteLength(path) > maxAddressBytes) {
    throw new SendwrightError(
      "address.invalid",
      `The address ${JSON.stringify(address)} is too long: at most ${maxLocalPartBytes} octets before the @ and ${maxAddressBytes} in total (RFC 5321 §4.5.3.1.3).`,
    );
  }
  return { text: `<${path}>`, needsSmtpUtf8: !ascii.test(local) };
}
