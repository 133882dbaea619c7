import { PosthornError } from "../errors.ts";
import type { Credentials } from "./relay.ts";

/** The mechanisms that Posthorn speaks. CRAM-MD5 is not among them: it forces relays to store passwords. */
export type Mechanism = "PLAIN" | "LOGIN" | "XOAUTH2";

/**
 * The mechanism to use, out of those in the latest EHLO (RFC 4954 §4). `auto` never picks XOAUTH2, as
 * a password is no access token.
 * @returns null if no usable mechanism is offered.
 */
export function chooseMechanism(method: Credentials["method"], offered: readonly string[]): Mechanism | null {
  const wanted = {
    auto: ["PLAIN", "LOGIN"],
    plain: ["PLAIN"],
    login: ["LOGIN"],
    xoauth2: ["XOAUTH2"],
  } as const satisfies Record<Credentials["method"], readonly Mechanism[]>;
  return wanted[method].find((mechanism) => offered.includes(mechanism)) ?? null;
}

/** What the client says in one sign-in: the AUTH line, then one answer for each 334. */
export interface Exchange {
  readonly command: string;
  readonly answers: readonly string[];
}

/**
 * RFC 4616 (PLAIN), draft-murchison-sasl-login (LOGIN), and the XOAUTH2 of Google and Microsoft, which
 * reports a refusal as a challenge to be answered with an empty line.
 * @throws PosthornError `input.invalid` where the mechanism's own separators stand in the credentials.
 */
export function exchange(mechanism: Mechanism, { username, password }: Credentials): Exchange {
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
  throw new PosthornError(
    "input.invalid",
    "The username or the password holds a control character that this sign-in method cannot carry.",
    { smtp: { stage: "auth" } },
  );
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
