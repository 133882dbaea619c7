import type { SchemaChange } from "./schema-change.ts";

/** What a page reads of a long log or a long queue is found without reading the rest. */
export const indexes: SchemaChange = {
  async up() {},
  indexes: {
    attempts_failed: "on attempts (id) where outcome <> 'sent'",
    emails_retried: "on emails (state, id) where state = 'queued' and attempts > 0",
  },
};
