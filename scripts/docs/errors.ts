import { type ErrorCode, errorTable, type Retry, SendwrightError } from "../../src/core/errors.ts";
import { createLog } from "../../src/core/log.ts";
import { problemOf, problemResponse } from "../../src/http/problem.ts";
import { code, type Page, page, table } from "./markdown.ts";

const retryWords = {
  never: "No: change something first",
  later: "Yes, later",
  "by-reply": "If the reply is 4yz",
  unsafe: "Only if a duplicate is acceptable",
} as const satisfies Record<Retry, string>;

const log = createLog("silent");

export function errorPage(): Page {
  const codes = Object.keys(errorTable) as ErrorCode[];
  return page("reference/error-codes.md", "src/core/errors.ts and src/http/problem.ts", "Error codes", [
    "Every failure has a code that programs compare; titles and details may change. The API sends it as `code` of a problem ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), the library as `code` of a `SendwrightError`. [Send an email](../start/send-an-email.md#errors) shows how to handle one.",
    table(
      ["Code", "Status", "Title", "Does the same call succeed later?"],
      codes.map((name) => {
        const error = new SendwrightError(name, "");
        const { status, title } = problemOf(error, log);
        const after = problemResponse(error, log).headers.get("retry-after");
        const words = retryWords[errorTable[name]];
        return [
          code(name),
          String(status),
          title,
          after === null ? words : `${words}: \`Retry-After: ${after}\``,
        ];
      }),
    ),
    "A failed attempt to deliver has another set of codes, those of [SMTP replies](../fix/smtp-replies.md).",
  ]);
}
