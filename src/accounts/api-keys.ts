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

/** By this prefix, people and secret scanners know a key. */
export const keyPrefix = "sw_";

const shownCharacters = 8;
const touchEveryMs = 60_000;

export interface ApiKeysDependencies {
  readonly store: Store;
  readonly clock: Clock;
  /** An admin key of the operator's choice, which is not stored (SENDWRIGHT_API_KEY). */
  readonly environmentKey: string | null;
}

/** Keys for programs: 256 random bits, of which only the SHA-256 is stored. */
export class ApiKeys {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #environmentDigest: Buffer | null;

  constructor({ store, clock, environmentKey }: ApiKeysDependencies) {
    this.#store = store;
    this.#clock = clock;
    this.#environmentDigest = environmentKey === null ? null : sha256(environmentKey);
  }

  list(): Promise<ApiKey[]> {
    return listApiKeys(this.#store.db);
  }

  /** @returns the key itself with it, which is shown this once. */
  async create(
    { name, scope }: { readonly name: string; readonly scope: ApiKeyScope },
    actor: Actor,
  ): Promise<ApiKey & { readonly key: string }> {
    const now = this.#clock.now();
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
    await this.#store.transaction(async (db) => {
      await insertApiKey(db, apiKey, sha256(key).toString("hex"));
      const detail = { name, scope };
      await writeAudit(db, { at: now, actor, action: "api_key.created", target: apiKey.id, detail });
    });
    return { ...apiKey, key };
  }

  /** @throws SendwrightError `api_key.not_found` */
  async remove(id: string, actor: Actor): Promise<void> {
    await this.#store.transaction(async (db) => {
      if (!(await deleteApiKey(db, id))) {
        throw new SendwrightError("api_key.not_found", `API key ${JSON.stringify(id)} not found.`);
      }
      const at = this.#clock.now();
      await writeAudit(db, { at, actor, action: "api_key.deleted", target: id, detail: {} });
    });
  }

  async callerOf(key: string): Promise<Caller | null> {
    const digest = sha256(key);
    if (this.#environmentDigest !== null && timingSafeEqual(digest, this.#environmentDigest)) {
      return callerFor({ id: "environment", name: "SENDWRIGHT_API_KEY", scope: "admin" });
    }
    // The database compares digests: what its timing tells of them leads to no key.
    const { db } = this.#store;
    const apiKey = await findApiKeyByHash(db, digest.toString("hex"));
    if (apiKey === undefined) return null;
    const now = this.#clock.now();
    if (apiKey.lastUsedAt === null || now - apiKey.lastUsedAt >= touchEveryMs) {
      await touchApiKey(db, apiKey.id, now);
    }
    return callerFor(apiKey);
  }
}

function callerFor({ id, name, scope }: Pick<ApiKey, "id" | "name" | "scope">): Caller {
  return { actor: { id: `key:${id}`, name }, scope, email: null, via: "api-key" };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
