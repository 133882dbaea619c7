import { type AlertKind, alertKinds } from "../../src/core/model.ts";
import { code, type Page, page, table } from "./markdown.ts";

/** A kind that is not here does not compile. */
const meanings = {
  unusable: "Its password can't be read, or its row was changed outside Sendwright",
  unreachable: "The server's name isn't found, nothing answers, or the server closes the connection",
  tls_failed: "No encrypted connection, or a certificate that isn't trusted",
  certificate_expiring: "The server's certificate expires in less than 21 days; again at 7 days and at 1",
  sign_in_failed: "The server rejects username or password, or an OAuth provider gives no token",
  consent_expiring: "The consent of an OAuth provider, or the client's secret, expires within a week",
  sender_refused: "The server rejects the sender (`MAIL FROM`)",
  dmarc_broken: "The DMARC record of the sender's domain is gone or no longer right",
  spf_broken: "The SPF record no longer lets the provider send, or can't be read",
  emails_failing: "Many emails failed within an hour, through any config",
} as const satisfies Record<AlertKind, string>;

export function eventPage(): Page {
  return page(
    "reference/events.md",
    "src/core/model.ts and scripts/docs/events.ts",
    "Webhook events and alerts",
    [
      "Sendwright posts an event to your webhook when an alert is raised or resolved. [Receive events](../guides/webhook.md) shows how to set it up and verify it.",
      "## Event types",
      table(
        ["`type`", "Sent when"],
        [
          ["`config.alert.raised`", "An alert was raised or became more urgent"],
          ["`config.alert.cleared`", "An alert is resolved, or its config was turned off or deleted"],
          ["`webhook.test`", "You asked for a test event"],
        ],
      ),
      "## Alert kinds",
      "`data.kind` of an event, `kind` of `GET /api/alerts`:",
      table(
        ["Kind", "Raised when"],
        alertKinds.map((kind) => [code(kind), meanings[kind]]),
      ),
      "Next: [monitoring](../guides/monitoring.md) explains when each is checked.",
    ],
  );
}
