import type { SmtpReply } from "../core/model.ts";
import { bearerResponse } from "./auth.ts";
import type { Credentials, Relay } from "./relay.ts";
import { byteForms, spellingsHider } from "./spellings.ts";

/** What stands in place of a secret. */
export const mask = "********";

/** Hides the password in whatever the relay says; see {@link redactor}. */
export interface Redactor {
  text(text: string): string;
  reply(reply: SmtpReply): SmtpReply;
}

/**
 * Hides a password in every form in which a relay could hand it back: as it is, escaped, read with a wrong
 * encoding (see {@link spellingsHider}), in hexadecimal, and in base64, alone or inside an AUTH PLAIN, LOGIN,
 * XOAUTH2 or OAUTHBEARER response, whatever stands before it. Letter case is ignored. Hiding too much is
 * harmless, too little is not.
 */
export function redactor(
  credentials: Credentials | null,
  relay: Pick<Relay, "host" | "port"> | null = null,
): Redactor {
  if (credentials === null || credentials.password === "") {
    return { text: (text) => text, reply: (reply) => reply };
  }
  const { username, password } = credentials;
  const hideSpellings = spellingsHider(password, mask);
  const pieces = base64Pieces(password);
  // A password too short for pieces is still known in the blobs that this client sends.
  const said = [
    password,
    `\0${username}\0${password}`,
    `user=${username}\u0001auth=Bearer ${password}\u0001\u0001`,
    ...(relay === null ? [] : [bearerResponse(username, password, relay)]),
  ];
  const blobs = new Set(said.map((value) => base64(Buffer.from(value, "utf8"))));
  const shortest = Math.min(shortestRemnant, ...[...pieces, ...blobs].map(({ length }) => length));

  /**
   * A run of base64 that holds the password goes as a whole: its neighbours hold some of its bits. So
   * does a piece of what this client sends, for a blob may come back broken.
   */
  function hideRun(run: string): string {
    if (run.length < shortest) return run;
    const standard = standardBase64(run);
    const broken = standard.length >= shortestRemnant && [...blobs].some((blob) => blob.includes(standard));
    return broken || blobs.has(standard) || pieces.some((piece) => standard.includes(piece)) ? mask : run;
  }
  function text(value: string): string {
    return hideSpellings(value.replace(/[A-Za-z0-9+/_%\\-]+={0,2}/gu, hideRun));
  }
  function holds(joined: string): boolean {
    return text(joined) !== joined;
  }
  return {
    text,
    reply(reply) {
      const lines = reply.lines.map(text);
      return { ...reply, lines: [...joinings(lines)].some(holds) ? [mask] : lines };
    },
  };
}

/**
 * The lines of a reply without what parts them: the password may be broken over lines or by blanks, where no
 * single line shows it. Each line may begin with an enhanced status code, and end with the `=` of
 * quoted-printable.
 */
function joinings(lines: readonly string[]): Set<string> {
  const joined = (parts: readonly string[]) => parts.join("").replaceAll(/\s/gu, "");
  if (lines.length === 1) return new Set([joined(lines)]);
  const bare = lines.map((line) => line.replace(/^\d\.\d{1,3}\.\d{1,3}\s+/u, ""));
  const whole = bare.map((line) => line.replace(/=\s*$/u, ""));
  return new Set([lines, bare, whole].flatMap((parts) => [joined(parts), joined(parts.toReversed())]));
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
  const pieces = byteForms(password).flatMap((bytes) =>
    [0, 1, 2].map((before) =>
      base64(Buffer.concat([Buffer.alloc(before), bytes])).slice(
        Math.ceil((before * 8) / 6),
        Math.floor(((before + bytes.length) * 8) / 6),
      ),
    ),
  );
  return [...new Set(pieces)].filter((piece) => piece.length >= shortestPiece);
}

/** Without padding and letter case, as it is compared. */
function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/u, "").toLowerCase();
}

/** The same of base64 as it came: base64url, or escaped as in URLs and JSON. */
function standardBase64(run: string): string {
  return run
    .toLowerCase()
    .replaceAll(/-|%2b/gu, "+")
    .replaceAll(/_|%2f|\\\//gu, "/")
    .replace(/(?:=|%3d)+$/u, "");
}
