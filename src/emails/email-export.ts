import { rfc3339, rfc3339OrNull } from "../core/format.ts";
import type { Mailbox, RecipientRole } from "../core/model.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { Store } from "../store/store.ts";
import { type EmailCriteria, type LoggedEmail, listEmails } from "../store/tables/email-criteria.ts";
import { listRecipients, type Recipient } from "../store/tables/emails.ts";
import { csvLine } from "./csv.ts";

/** How many emails are in memory at a time. */
const pageSize = 500;

interface Row {
  readonly email: LoggedEmail;
  readonly recipients: readonly Recipient[];
  /** The name of the SMTP config that attempted it last, or its ID if it was deleted. */
  readonly config: string | null;
}

type Field = string | number | boolean | null;

/** The columns by their names, which are those of the API where it has the same. */
const columns: readonly (readonly [name: string, value: (row: Row) => Field])[] = [
  ["id", ({ email }) => email.id],
  ["createdAt", ({ email }) => rfc3339(email.createdAt)],
  ["state", ({ email }) => email.state],
  ["subject", ({ email }) => email.subject],
  ["from", ({ email }) => (email.from === null ? null : mailboxText(email.from))],
  ["to", ({ recipients }) => addresses(recipients, "to")],
  ["cc", ({ recipients }) => addresses(recipients, "cc")],
  ["bcc", ({ recipients }) => addresses(recipients, "bcc")],
  ["notSentTo", ({ recipients }) => listed(unsent(recipients).map(({ address }) => address))],
  ["reply", ({ recipients }) => replyText(unsent(recipients).find(({ reply }) => reply !== null))],
  ["config", ({ config }) => config],
  ["template", ({ email }) => email.template],
  ["tags", ({ email }) => listed(email.tags)],
  ["caller", ({ email }) => email.caller],
  ["priority", ({ email }) => email.priority],
  ["attemptCount", ({ email }) => email.attemptCount],
  ["sentAt", ({ email }) => rfc3339OrNull(email.sentAt)],
  ["finishedAt", ({ email }) => rfc3339OrNull(email.finishedAt)],
  ["messageId", ({ email }) => email.messageId],
  ["resentFrom", ({ email }) => email.resentFrom],
  ["possibleDuplicate", ({ email }) => email.possibleDuplicate],
];

/**
 * The emails that meet the criteria as CSV, the newest first, a part at a time: the first part has the names of the
 * columns. It begins with a byte order mark, without which spreadsheets take UTF-8 for an older encoding.
 */
export async function* exportEmails(
  { store, configSource }: { readonly store: Store; readonly configSource: ConfigSource },
  criteria: EmailCriteria,
): AsyncGenerator<string, void, void> {
  yield `\ufeff${csvLine(columns.map(([name]) => name))}`;
  const configs = await configSource.list(store.reader);
  const names = new Map(configs.map(({ id, settings }) => [id, settings.name]));
  for (let after: string | undefined; ; ) {
    const emails = await listEmails(store.reader, { ...criteria, after, limit: pageSize });
    const ids = emails.map(({ id }) => id);
    const recipients = await listRecipients(store.reader, ids);
    const lines = emails.map((email) => {
      const config = email.configId === null ? null : (names.get(email.configId) ?? email.configId);
      const row = { email, recipients: recipients.get(email.id) ?? [], config };
      return csvLine(columns.map(([, value]) => value(row)));
    });
    if (lines.length > 0) yield lines.join("");
    if (emails.length < pageSize) return;
    after = ids.at(-1);
  }
}

function addresses(recipients: readonly Recipient[], wanted: RecipientRole): string {
  return listed(recipients.filter(({ role }) => role === wanted).map(({ address }) => address));
}

function unsent(recipients: readonly Recipient[]): readonly Recipient[] {
  return recipients.filter(({ state }) => state !== "sent");
}

function replyText(recipient: Recipient | undefined): string | null {
  if (recipient === undefined) return null;
  const { code, reply } = recipient;
  return code === null ? reply : `${code} ${reply}`;
}

function mailboxText({ name, address }: Mailbox): string {
  return name === null ? address : `${name} <${address}>`;
}

function listed(texts: readonly string[]): string {
  return texts.join("; ");
}
