import type { z } from "zod";
import type { configAlert } from "../builtin/config-alert.ts";
import type { deliveryFailure } from "../builtin/delivery-failure.ts";
import type { emailVerification } from "../builtin/email-verification.ts";
import type { newSignIn } from "../builtin/new-sign-in.ts";
import type { orderNotification } from "../builtin/order-notification.ts";
import type { passwordReset } from "../builtin/password-reset.ts";
import type { signInCode } from "../builtin/sign-in-code.ts";
import type { testEmail } from "../builtin/test-email.ts";
import type { Template } from "./template.ts";

type DataOf<Built extends Template> = z.input<Built["schema"]>;

/**
 * The data of each template by its name, for the compiler. An application adds its own templates with
 * `declare module "sendwright" { interface TemplateData { … } }`, which `sendwright templates types` writes.
 */
export interface TemplateData {
  "password-reset": DataOf<typeof passwordReset>;
  "order-notification": DataOf<typeof orderNotification>;
  "email-verification": DataOf<typeof emailVerification>;
  "sign-in-code": DataOf<typeof signInCode>;
  "new-sign-in": DataOf<typeof newSignIn>;
  "test-email": DataOf<typeof testEmail>;
  "delivery-failure": DataOf<typeof deliveryFailure>;
  "config-alert": DataOf<typeof configAlert>;
}
