/** The shapes of the API's answers, from the schemas that the server checks itself against. */
export type {
  ApiKey,
  Attempt,
  Email,
  EmailPreview,
  EmailSummary,
  FirstAdminRequest,
  Me,
  NewApiKey,
  Recipient,
  SandboxEmail,
  SandboxEmailSummary,
  SmtpConfig,
  TestReport,
  TestStage,
} from "../../../src/server/schemas.ts";

/** A page of a list; `next` is the `after` of the following one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}
