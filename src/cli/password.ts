import type { Readable } from "node:stream";
import { SendwrightError } from "../core/errors.ts";

/** Longer than any password; what never ends is no password either. */
const maxCharacters = 8192;

/** What a password is typed on; a terminal can keep it off the screen. */
export interface Keyboard extends Readable {
  setRawMode?(raw: boolean): unknown;
}

/**
 * The first line of a stream, without its end: for `--password-stdin`.
 * @throws SendwrightError `input.invalid` if there is none.
 */
export async function readFirstLine(input: Readable): Promise<string> {
  let read = "";
  input.setEncoding("utf8");
  for await (const chunk of input) {
    read += chunk;
    if (/[\r\n]/.test(read) || read.length > maxCharacters) break;
  }
  // PowerShell puts a byte order mark before what it pipes, and may pipe UTF-16.
  const line = /^\uFEFF?([^\r\n]*)/.exec(read)?.[1] ?? "";
  if (/[\0\uFFFD]/.test(line)) {
    throw new SendwrightError(
      "input.invalid",
      "The first line of standard input isn't UTF-8. Pipe the password as UTF-8.",
    );
  }
  if (line === "") {
    throw new SendwrightError(
      "input.invalid",
      "The first line of standard input is empty. Pipe the password there.",
    );
  }
  return line;
}

/**
 * Asks for a password on a terminal, which does not show it.
 * @param interrupt called for Ctrl-C, which is a key like any other while nothing is shown.
 * @throws the reason of `signal`
 */
export async function askPassword(
  question: string,
  input: Keyboard,
  write: (text: string) => void,
  interrupt: () => void,
  signal: AbortSignal,
): Promise<string> {
  const answer = Promise.withResolvers<string>();
  let typed: readonly string[] = [];
  const onKeys = (keys: string) => {
    for (const key of keys) {
      if (key === "\r" || key === "\n" || key === "\u0004") return answer.resolve(typed.join(""));
      if (key === "\u0003") interrupt();
      else if (key === "\u007f" || key === "\b") typed = typed.slice(0, -1);
      else if (key === "\u0015") typed = [];
      else typed = [...typed, key];
    }
  };
  const onAbort = () => answer.reject(signal.reason);
  write(question);
  // Otherwise the terminal itself shows what is typed.
  input.setRawMode?.(true);
  input.setEncoding("utf8");
  input.on("data", onKeys);
  input.on("end", () => answer.resolve(typed.join("")));
  signal.addEventListener("abort", onAbort);
  try {
    return await answer.promise;
  } finally {
    input.off("data", onKeys);
    signal.removeEventListener("abort", onAbort);
    input.setRawMode?.(false);
    input.pause();
    write("\n");
  }
}
