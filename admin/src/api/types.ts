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
