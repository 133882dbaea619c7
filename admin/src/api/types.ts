/** The shapes of the API's answers, from the schemas that the server checks itself against. */
export type { ApiKey, FirstAdminRequest, Me, NewApiKey, Session } from "../../../src/http/schema/accounts.ts";
export type {
  Attempt,
  BulkRetried,
  Email,
  EmailSummary,
} from "../../../src/http/schema/emails.ts";
export type { Alert, Overview } from "../../../src/http/schema/monitoring.ts";
export type { SandboxEmail, SandboxEmailSummary } from "../../../src/http/schema/sandbox.ts";
export type { Settings, WebhookTest } from "../../../src/http/schema/settings.ts";
export type { RouteAnswer } from "../../../src/http/schema/smtp-config-route.ts";
export type {
  Provider,
  SmtpConfig,
  SmtpConfigDraft,
  SmtpConfigVersion,
} from "../../../src/http/schema/smtp-configs.ts";
export type {
  TemplateDetail,
  TemplateInfo,
  TemplatePart,
  TemplatePreview,
  TemplateTest,
  TemplateVersion,
} from "../../../src/http/schema/templates.ts";
export type {
  Correction as Alternative,
  Discovery,
  DnsFinding,
  TestReport,
  TestStage,
} from "../../../src/http/schema/tests.ts";
