import type { SmtpReply } from "../core/model.ts";
import { bearerResponse } from "./auth.ts";
import type { Credentials, Relay } from "./relay.ts";

/** What stands in place of a secret. */
export const mask = "********";

/** Hides the password in whatever the relay says; see {@link redactor}. */
export interface Redactor {
  text(text: string): string;
  reply(reply: SmtpReply): SmtpReply;
}

/**
 * Hides a password in every form in which a relay could hand it back: as it is, quoted, URL-encoded, in
 * hexadecimal, and in base64, alone or inside an AUTH PLAIN, LOGIN, XOAUTH2 or OAUTHBEARER response,
 * whatever stands before it. Letter case is ignored. Hiding too much is harmless, too little is not.
 */
export function redactor(
  credentials: Credentials | null,
  relay: Pick<Relay, "host" | "port"> | null = null,
): Redactor {
  if (credentials === null || credentials.password === "") {
    return { text: (text) => text, reply: (reply) => reply };
  }
  const { username, password } = credentials;
  const literal = new RegExp(plainForms(password).map(escapePattern).join("|"), "giu");
  const pieces = base64Pieces(password);
  // A password too short for pieces is still known in the blobs that this client sends.
  const said = [
    password,
    `\0${username}\0${password}`,
    `user=${username}\u0001auth=Bearer ${password}\u0001\u0001`,
    ...(relay === null ? [] : [bearerResponse(username, password, relay)]),
  ];
  const blobs = new Set(said.map((value) => base64(Buffer.from(value, "utf8"))));

  /**
   * A run of base64 that holds the password goes as a whole: its neighbours hold some of its bits. So
   * does a piece of what this client sends, for a blob may come back broken.
   */
  function hideRun(run: string): string {
    const standard = run.toLowerCase().replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/u, "");
    const broken = standard.length >= shortestRemnant && [...blobs].some((blob) => blob.includes(standard));
    return broken || blobs.has(standard) || pieces.some((piece) => standard.includes(piece)) ? mask : run;
  }
  function text(value: string): string {
    return value.replace(/[A-Za-z0-9+/_-]+={0,2}/gu, hideRun).replace(literal, mask);
  }
  return {
    text,
    reply(reply) {
      const lines = reply.lines.map(text);
      // The password may be broken over lines or by blanks, where no single line shows it.
      const hasIt = [lines, lines.toReversed()].some((ordered) => {
        const joined = ordered.join("").replaceAll(/\s/gu, "");
        return text(joined) !== joined;
      });
      return { ...reply, lines: hasIt ? [mask] : lines };
    },
  };
}

function plainForms(password: string): string[] {
  const bytes = Buffer.from(password, "utf8");
  const forms = [
    password,
    password.replaceAll(/\s/gu, ""),
    // What UTF-8 decoding makes of a relay that answers in Latin-1, and of controls in a reply.
    Buffer.from(password, "latin1").toString("utf8"),
    password.replaceAll(/\p{Cc}/gu, "\u{fffd}"),
    // Inside a quoted-string (RFC 5321 §4.1.2) or JSON.
    password.replaceAll(/["\\]/gu, "\\$&"),
    bytes.toString("hex"),
    new URLSearchParams({ "": password }).toString().slice(1),
    // A lone surrogate has no UTF-8, and so no such form.
    encodeURIComponent(password.toWellFormed()),
  ];
  return [...new Set(forms)].filter((form) => form !== "").sort((a, b) => b.length - a.length);
}

/** Shorter pieces stand in ordinary words too. */
const shortestPiece = 4;
/** From this length on, letters that stand in a blob are no word that stands there by chance. */
const shortestRemnant = 8;

/**
 * In base64, six bits a character, the password looks different at each of three alignments. Only the
 * characters that it determines alone are looked for.
 */
function base64Pieces(password: string): string[] {
  const bytes = Buffer.from(password, "utf8");
  return [0, 1, 2]
    .map((before) =>
      base64(Buffer.concat([Buffer.alloc(before), bytes])).slice(
        Math.ceil((before * 8) / 6),
        Math.floor(((before + bytes.length) * 8) / 6),
      ),
    )
    .filter((piece) => piece.length >= shortestPiece);
}

/** Without padding and letter case, as it is compared. */
function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/u, "").toLowerCase();
}

/** `RegExp.escape` is younger than the oldest Node.js that Sendwright runs on. */
function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
}
