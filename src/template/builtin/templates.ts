import type { Template } from "../template.ts";
import { orderNotification } from "./order-notification.ts";
import { passwordReset } from "./password-reset.ts";

/** The templates that every installation has, in the order in which they are listed. */
export const builtinTemplates: readonly Template[] = [passwordReset, orderNotification];
