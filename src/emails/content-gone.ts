import { SendwrightError } from "../core/errors.ts";
import type { Email } from "../store/tables/emails.ts";

/** Why an email cannot be sent again. */
export function contentGone({ sensitive }: Pick<Email, "sensitive">): SendwrightError {
  return new SendwrightError(
    "email.content_gone",
    sensitive
      ? "This email was sensitive: its contents were deleted when it became final, so it cannot be sent again. Ask for a new one."
      : "The contents of this email have been deleted, so it cannot be sent again.",
  );
}
