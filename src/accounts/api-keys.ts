import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import { newId } from "../core/id.ts";
import type { Actor } from "../core/model.ts";
import type { Store } from "../store/store.ts";
import {
  type ApiKey,
  type ApiKeyScope,
  deleteApiKey,
  findApiKeyByHash,
  insertApiKey,
  listApiKeys,
  touchApiKey,
} from "../store/tables/api-keys.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import type { Caller } from "./caller.ts";

/** By this, people and secret scanners know one. */
export const keyPrefix = "sw_";

const shownCharacters = 8;
const touchEveryMs = 60_000;

/** Keys for programs: 256 random bits, of which only the SHA-256 is stored. */
export interface ApiKeys {
  list(): Promise<ApiKey[]>;
  /** `key` is shown this once. */
  create(input: { name: string; scope: ApiKeyScope }, actor: Actor): Promise<ApiKey & { key: string }>;
  /** @throws SendwrightError `api_key.not_found` */
  remove(id: string, actor: Actor): Promise<void>;
  callerOf(key: string): Promise<Caller | null>;
}

export interface ApiKeysParts {
  readonly store: Store;
  readonly clock: Clock;
  /** An admin key of the operator's choice, which is nowhere stored (SENDWRIGHT_API_KEY). */
  readonly environmentKey: string | null;
}

export function createApiKeys({ store, clock, environmentKey }: ApiKeysParts): ApiKeys {
  const environmentDigest = environmentKey === null ? null : sha256(environmentKey);

  return {
    list: () => listApiKeys(store.db),

    async create({ name, scope }, actor) {
      const now = clock.now();
      const key = keyPrefix + randomBytes(32).toString("base64url");
      const apiKey: ApiKey = {
        id: newId(now),
        name,
        scope,
        prefix: key.slice(0, shownCharacters),
        createdAt: now,
        createdBy: actor.name,
        lastUsedAt: null,
      };
      await store.transaction(async (db) => {
        await insertApiKey(db, apiKey, sha256(key).toString("hex"));
        const detail = { name, scope };
        await writeAudit(db, { at: now, actor, action: "api_key.created", target: apiKey.id, detail });
      });
      return { ...apiKey, key };
    },

    remove: (id, actor) =>
      store.transaction(async (db) => {
        if (!(await deleteApiKey(db, id))) {
          throw new SendwrightError("api_key.not_found", `There is no API key ${JSON.stringify(id)}.`);
        }
        await writeAudit(db, { at: clock.now(), actor, action: "api_key.deleted", target: id, detail: {} });
      }),

    async callerOf(key) {
      const digest = sha256(key);
      if (environmentDigest !== null && timingSafeEqual(digest, environmentDigest)) {
        return callerFor({ id: "environment", name: "SENDWRIGHT_API_KEY", scope: "admin" });
      }
      // The database compares digests: what its timing tells of them helps nobody to a key.
      const apiKey = await findApiKeyByHash(store.db, digest.toString("hex"));
      if (apiKey === undefined) return null;
      const now = clock.now();
      if (apiKey.lastUsedAt === null || now - apiKey.lastUsedAt >= touchEveryMs) {
        await touchApiKey(store.db, apiKey.id, now);
      }
      return callerFor(apiKey);
    },
  };
}

function callerFor({ id, name, scope }: Pick<ApiKey, "id" | "name" | "scope">): Caller {
  return { actor: { id: `key:${id}`, name }, scope, email: null, via: "api-key" };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
