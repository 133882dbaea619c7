export type { Clock } from "./clock.ts";
export type { EmailRequest } from "./delivery/email-request.ts";
export type { Accepted, EmailDetail, EmailSummary } from "./delivery/outbox.ts";
export { type ErrorCode, type Issue, isPosthornError, PosthornError, type Retry } from "./errors.ts";
export { createPosthorn, type EmbeddedPosthorn } from "./library.ts";
export type { Actor, EmailState, Mailbox, RecipientState } from "./model.ts";
export type { PosthornOptions } from "./posthorn.ts";
