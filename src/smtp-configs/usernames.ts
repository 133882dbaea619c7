import type { Db } from "../store/schema.ts";
import { listAllVersions } from "../store/tables/smtp-config-versions.ts";
import type { ConfigSource } from "./repository.ts";

/** The usernames of all configs, and those of their drafts and earlier versions: what relays were told. */
export async function allUsernames(db: Db, source: ConfigSource): Promise<ReadonlySet<string>> {
  const [configs, versions] = [await source.list(db), await listAllVersions(db)];
  return new Set([...configs, ...versions].flatMap(({ settings }) => settings.username ?? []));
}
