/** The shapes of the API's answers, from the schemas that the server checks itself against. */
export type {
  ApiKey,
  Attempt,
  Email,
  EmailSummary,
  FirstAdminRequest,
  Me,
  NewApiKey,
  Provider,
  Recipient,
  SandboxEmail,
  SandboxEmailSummary,
  SmtpConfig,
  TemplateInfo,
  TestReport,
  TestStage,
} from "../../../src/server/schemas.ts";
