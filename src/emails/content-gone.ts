import { SendwrightError } from "../core/errors.ts";
import type { Email } from "../store/tables/emails.ts";

/** Why an email cannot be sent again. */
export function contentGone({ sensitive }: Pick<Email, "sensitive">): SendwrightError {
  return new SendwrightError(
    "email.content_gone",
    sensitive
      ? "This email was sensitive, so its content was deleted when it became final. It can't be sent again: create a new email."
      : "This email's content was deleted, so it can't be sent again.",
  );
}
