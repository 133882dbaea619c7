import { readFileSync } from "node:fs";
import { SendwrightError } from "./errors.ts";

/**
 * Text that a person or a program has put into a file, without the byte order mark that some editors and shells put
 * before it (Unicode §23.8: it is no part of the text). Line ends stay as they are.
 * @throws SendwrightError `input.invalid` if the bytes are not UTF-8: read as UTF-8 they would be another text.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isMarked || bytes.includes(0)) throw notUtf8("UTF-16 or contains NUL bytes");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw notUtf8("not UTF-8");
  }
}

function notUtf8(what: string): SendwrightError {
  return new SendwrightError("input.invalid", `is ${what}: save it as UTF-8`);
}

/**
 * A text file, as `decodeText` reads it.
 * @throws SendwrightError `input.invalid`, naming the file; with a cause if it cannot be read.
 */
export function readTextFile(path: string): string {
  try {
    return decodeText(readFileSync(path));
  } catch (error) {
    if (!(error instanceof SendwrightError)) {
      const { code = "unknown" } = error as NodeJS.ErrnoException;
      throw new SendwrightError("input.invalid", `The file ${path} can't be read (${code}).`, {
        cause: error,
      });
    }
    throw new SendwrightError("input.invalid", `The file ${path} ${error.message}.`);
  }
}
