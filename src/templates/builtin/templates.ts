// The templates that come with Sendwright, in all their locales.
// They are pure data, checked by the same engine as the templates of admins.
// Admins edit copies of them: see templates/library/.
import type { Template } from "../engine/template.ts";
import { configAlert } from "./config-alert.ts";
import { deliveryFailure } from "./delivery-failure.ts";
import { emailVerification } from "./email-verification.ts";
import { newSignIn } from "./new-sign-in.ts";
import { orderNotification } from "./order-notification.ts";
import { passwordReset } from "./password-reset.ts";
import { signInCode } from "./sign-in-code.ts";
import { testEmail } from "./test-email.ts";

/** The templates that every installation has, in the order in which they are listed. */
export const builtinTemplates: readonly Template[] = [
  passwordReset,
  orderNotification,
  emailVerification,
  signInCode,
  newSignIn,
  testEmail,
  deliveryFailure,
  configAlert,
];
