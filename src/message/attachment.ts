import type { SendwrightError } from "../core/errors.ts";
import { invalidInput } from "../core/parse.ts";
import { foldField } from "./header.ts";
import { legacyParameter, parameter } from "./parameter.ts";
import { base64Lines, type Part } from "./part.ts";

/** A file that travels with the message. Never a path or a URL: the composer reads nothing. */
export interface Attachment {
  /** 1 to 255 bytes of UTF-8, without path separators. */
  readonly filename: string;
  /** `type/subtype`, perhaps with parameters (RFC 2045 §5.1). */
  readonly contentType: string;
  /** Bytes, these in canonical base64 (RFC 4648 §4) without line breaks, or what `base64Lines` has made of either. */
  readonly content: Uint8Array | string | EncodedContent;
  /** With it an image is shown where the HTML says `src="cid:…"`; without, null. No angle brackets. */
  readonly contentId: string | null;
}

/** Content in lines of base64. */
export interface EncodedContent {
  readonly lines: readonly Uint8Array[];
}

const maxFilenameBytes = 255;
const maxContentTypeLength = 200;
const token = "[\\w!#$%&'*+.^`{|}~-]+";
const contentTypePattern = new RegExp(
  `^(${token}/${token})((?: *; *${token}=(?:${token}|"[\\w !#-:<-[\\]^\`{|}~-]*"))*)$`,
);

/**
 * An attachment as a MIME part in base64; `disposition` is `inline` for an image inside the HTML.
 * @throws SendwrightError `input.invalid` naming the field of this attachment that is wrong.
 */
export function attachmentPart(
  attachment: Attachment,
  index: number,
  disposition: "attachment" | "inline",
): Part {
  const refuse = (field: string, detail: string) => invalidAttachment(index, field, detail);

  const filenameProblem = problemOfFilename(attachment.filename);
  if (filenameProblem !== undefined) throw refuse("filename", filenameProblem);

  const [, type, parameters = ""] = contentTypePattern.exec(attachment.contentType) ?? [];
  if (type === undefined || attachment.contentType.length > maxContentTypeLength) {
    throw refuse("contentType", "must be a content type such as application/pdf");
  }
  // RFC 2046 §5.2.1 forbids base64 in these, and what is inside would be taken for a part of this message.
  if (/^(?:message|multipart)\//i.test(type)) {
    throw refuse("contentType", `attach ${type} as application/octet-stream`);
  }
  const typeParameters = parameters
    .split(";")
    .slice(1)
    .map((word) => word.trim());
  if (typeParameters.some((word) => /^(?:name|boundary)[*=]/i.test(word))) {
    throw refuse("contentType", "must not have the parameters name and boundary; set filename instead");
  }

  const { contentId, filename } = attachment;
  if (contentId !== null && !/^[\w!#$&'*+./=?^`{|}~@-]{1,200}$/.test(contentId)) {
    throw refuse("contentId", "must have 1 to 200 letters, digits or characters of an address");
  }

  const body = linesOf(attachment.content);
  if (body === null) throw invalidContent(index);

  const contentType = [type, ...typeParameters].map((word) => `${word};`);
  const fields = [
    foldField("Content-Type", [...contentType, ...legacyParameter("name", filename)]),
    foldField("Content-Transfer-Encoding", ["base64"]),
    foldField("Content-Disposition", [`${disposition};`, ...parameter("filename", filename)]),
    contentId === null ? "" : foldField("Content-ID", [`<${contentId}>`]),
  ];
  return { fields: fields.join(""), body };
}

function problemOfFilename(filename: string): string | undefined {
  if (/^\.{0,2}$/.test(filename)) return "must be a file name";
  if (Buffer.byteLength(filename) > maxFilenameBytes) return `is longer than ${maxFilenameBytes} bytes`;
  if (/[/\\]/.test(filename)) return "must be a file name without a path";
  // Bidi controls make `exe.gpj` of `jpg.exe` in the eyes of who opens it.
  if (/[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]/u.test(filename)) return "contains an invisible character";
  return undefined;
}

/** Null for a string that is not base64 in the one canonical form. */
function linesOf(content: Attachment["content"]): readonly Uint8Array[] | null {
  if (typeof content === "object" && "lines" in content) return content.lines;
  const steps = base64Lines(content);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** The content of the attachment with this index is no base64. */
export function invalidContent(index: number): SendwrightError {
  return invalidAttachment(index, "content", "must be base64 (RFC 4648 §4) without line breaks");
}

function invalidAttachment(index: number, field: string, detail: string): SendwrightError {
  return invalidInput([{ pointer: `/attachments/${index}/${field}`, detail }]);
}
