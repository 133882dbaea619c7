import { findContents, type StoredContent } from "../store/email-content.ts";
import { listRecipients, type Recipient } from "../store/emails.ts";
import type { Store } from "../store/store.ts";
import { createGroup } from "./group.ts";

/** What is needed of an email to send it, besides its row. */
export interface Parcel {
  /** All of them, also those that have an outcome. */
  readonly recipients: readonly Recipient[];
  /** Undefined where the contents are purged. */
  readonly content: StoredContent | undefined;
}

/** Bounds what is held in memory at once, contents being as large as 25 MB. */
const maxParcels = 16;

/** Reads what emails need to be sent; those that are asked for together are read together. */
export function createParcels(store: Store): (emailId: string) => Promise<Parcel> {
  return createGroup(
    async (ids: readonly string[]) => {
      const recipients = await listRecipients(store.db, ids);
      const contents = await findContents(store.db, ids);
      return ids.map((id) => ({ recipients: recipients.get(id) ?? [], content: contents.get(id) }));
    },
    { maxItems: maxParcels },
  );
}
