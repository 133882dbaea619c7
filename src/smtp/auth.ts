import { SendwrightError } from "../core/errors.ts";
import type { SmtpReply } from "../core/model.ts";
import type { Credentials, Relay } from "./relay.ts";

/** The mechanisms that Sendwright speaks. CRAM-MD5 is not among them: it forces relays to store passwords. */
export type Mechanism = "PLAIN" | "LOGIN" | "XOAUTH2" | "OAUTHBEARER";

/**
 * The mechanisms to use, out of those in the latest EHLO (RFC 4954 §4), in this order. `auto` never picks
 * XOAUTH2, as a password is no access token. `oauth` prefers XOAUTH2: Microsoft offers nothing else, and it is
 * what Google documents for SMTP; OAUTHBEARER is for relays that go by the standard alone.
 * @returns none if no usable mechanism is offered.
 */
export function chooseMechanisms(
  method: Credentials["method"],
  offered: readonly string[],
): readonly Mechanism[] {
  const wanted = {
    auto: ["PLAIN", "LOGIN"],
    plain: ["PLAIN"],
    login: ["LOGIN"],
    xoauth2: ["XOAUTH2"],
    oauth: ["XOAUTH2", "OAUTHBEARER"],
  } as const satisfies Record<Credentials["method"], readonly Mechanism[]>;
  return wanted[method].filter((mechanism) => offered.includes(mechanism));
}

/** A relay that offers a mechanism and then does not know it (RFC 4954 §4: 504; RFC 5321 §4.2.4: 502). */
const unknownMechanism: readonly number[] = [502, 504];

/** What relays say under other codes: it is about the mechanism, so the password was not looked at. */
const namesMechanism =
  /\b(?:unrecogni[sz]ed|unsupported|unknown|unimplemented|invalid|no|bad) (?:auth\w*|sasl|smtp)? ?(?:mechanism|method|type|command)\b|\b(?:mechanism|auth\w* (?:method|type)|command)\b.{0,40}\b(?:not|un)[- ]?(?:recogni[sz]ed|supported|implemented|known|allowed|available|enabled|permitted)\b/iu;

/** What a relay says after many tries, or of an account: to try on would make it worse. */
const namesAccount =
  /too many|attempts|locked|disabled|suspended|blocked|activated|\baccount\b|password|credential/iu;

/**
 * Whether a relay refuses the mechanism rather than the username or the password, so that another one may be
 * tried (RFC 4954 §4, §6). A refused password is never tried again: the account could be locked.
 */
export function refusesMechanism({ code, lines }: SmtpReply): boolean {
  if (code < 500) return false;
  const said = lines.join(" ").slice(0, longestRead);
  if (namesAccount.test(said)) return false;
  return unknownMechanism.includes(code) || namesMechanism.test(said);
}

/** Replies that judge the credentials, or want encryption or a sign-in first (RFC 4954 §6). */
const judgements: readonly number[] = [530, 534, 535, 538];

/**
 * Whether a reply leaves open that another mechanism would be accepted: it refuses for good, and says neither that the
 * username or the password is wrong nor that something is the matter with the account.
 */
export function leavesMechanismOpen(reply: SmtpReply): boolean {
  if (refusesMechanism(reply)) return true;
  const { code, lines } = reply;
  return (
    code >= 500 && !judgements.includes(code) && !namesAccount.test(lines.join(" ").slice(0, longestRead))
  );
}

/** Enough of a reply to know its meaning; the limit keeps a hostile reply from slowing the patterns down. */
const longestRead = 1_000;

/** What the client says in one sign-in: the AUTH line, then one answer for each 334. */
export interface Exchange {
  readonly command: string;
  readonly answers: readonly string[];
}

/**
 * RFC 4616 (PLAIN), draft-murchison-sasl-login (LOGIN), RFC 7628 (OAUTHBEARER), and the XOAUTH2 of Google
 * and Microsoft. The latter two report a refusal as a challenge (see `refusalIn`), to be answered with an
 * empty line (XOAUTH2) or a lone %x01 (RFC 7628 §3.2.3).
 * @param relay whom OAUTHBEARER names, so that a token meant for one relay is of no use at another.
 * @throws SendwrightError `input.invalid` where the mechanism's own separators stand in the credentials.
 */
export function exchange(
  mechanism: Mechanism,
  { username, password }: Credentials,
  { host, port }: Pick<Relay, "host" | "port">,
): Exchange {
  switch (mechanism) {
    case "PLAIN":
      refuse(["\0"], username + password);
      return withInitialResponse("PLAIN", [base64(`\0${username}\0${password}`)]);
    case "LOGIN":
      return { command: "AUTH LOGIN", answers: [base64(username), base64(password)] };
    case "XOAUTH2":
      refuse(["\0", "\u0001"], username + password);
      return withInitialResponse("XOAUTH2", [
        base64(`user=${username}\u0001auth=Bearer ${password}\u0001\u0001`),
        "",
      ]);
    case "OAUTHBEARER":
      refuse(["\0", "\u0001"], username + password);
      return withInitialResponse("OAUTHBEARER", [
        base64(bearerResponse(username, password, { host, port })),
        base64("\u0001"),
      ]);
  }
}

/** RFC 7628 §3.1, with the GS2 header of RFC 5801 §4. */
export function bearerResponse(
  username: string,
  token: string,
  { host, port }: Pick<Relay, "host" | "port">,
): string {
  const authzid = username.replaceAll("=", "=3D").replaceAll(",", "=2C");
  const fields = [`host=${host}`, `port=${port}`, `auth=Bearer ${token}`];
  return `n,a=${authzid},\u0001${fields.map((field) => `${field}\u0001`).join("")}\u0001`;
}

/** Longer than any relay's; what it holds is shown to people. */
const maxRefusalLength = 500;

/**
 * Why a relay does not take a token: the JSON inside the challenge by which OAUTHBEARER (RFC 7628 §3.2.2)
 * and XOAUTH2 refuse, as `status 400, schemes bearer, scope …`; null if the challenge is no refusal.
 */
export function refusalIn(challenge: SmtpReply): string | null {
  try {
    const refusal: unknown = JSON.parse(Buffer.from(challenge.lines.join(""), "base64").toString("utf8"));
    if (typeof refusal !== "object" || refusal === null || !("status" in refusal)) return null;
    const fields = Object.entries(refusal).filter(([, value]) => ["string", "number"].includes(typeof value));
    const words = fields.map(([name, value]) => `${name} ${value}`).join(", ");
    return words.replaceAll(/\p{Cc}/gu, " ").slice(0, maxRefusalLength);
  } catch {
    return null;
  }
}

/** RFC 4954 §4: an initial response that makes the command longer than 512 octets waits for the 334. */
function withInitialResponse(mechanism: Mechanism, answers: readonly string[]): Exchange {
  const [initial = "", ...later] = answers;
  const command = `AUTH ${mechanism} ${initial}`;
  return command.length + "\r\n".length > 512
    ? { command: `AUTH ${mechanism}`, answers }
    : { command, answers: later };
}

function refuse(separators: readonly string[], text: string): void {
  if (!separators.some((separator) => text.includes(separator))) return;
  throw new SendwrightError(
    "input.invalid",
    "The username or password contains a control character, which this authentication method doesn't support.",
    { smtp: { stage: "auth" } },
  );
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
