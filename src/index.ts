export type { Clock } from "./core/clock.ts";
export { type ErrorCode, type Issue, isSendwrightError, type Retry, SendwrightError } from "./core/errors.ts";
export type { Actor, EmailState, Mailbox, RecipientState } from "./core/model.ts";
export type { EmailDetail } from "./emails/emails.ts";
export type { Accepted } from "./emails/idempotency.ts";
export type { EmailRequest } from "./emails/request.ts";
export type { HandlerOptions } from "./http/handler.ts";
export type { HostAdmin } from "./http/host-admin.ts";
export { type CreateOptions, createSendwright, type Sendwright } from "./library.ts";
export type { Health } from "./monitoring/health.ts";
// All of it, since a name that is passed on by itself cannot be added to by `declare module "sendwright"`.
export type * from "./templates/engine/template-data.ts";
