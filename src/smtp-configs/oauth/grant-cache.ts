import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import type { Field } from "../../secret/fields.ts";
import type { Secrets } from "../../secret/secrets.ts";
import type { Store } from "../../store/store.ts";
import { findOauthGrant, listOauthGrants, type OauthGrant } from "../../store/tables/oauth-grants.ts";
import { authorizationServerOf } from "./client.ts";
import { type Grant, openGrant, type Tokens } from "./grant.ts";

/** A config's consent as this node knows it. `grant` is null if what is stored cannot be read. */
export interface HeldGrant {
  readonly row: OauthGrant;
  readonly grant: Grant | null;
}

export interface GrantCacheDependencies {
  readonly store: Store;
  readonly secrets: Secrets;
}

/** The stored consents of all configs, decrypted in memory. */
export class GrantCache {
  readonly #dependencies: GrantCacheDependencies;
  /** Called after anything was read. */
  readonly #onRead: () => void;
  #held = new Map<string, HeldGrant>();

  constructor(dependencies: GrantCacheDependencies, onRead: () => void) {
    this.#dependencies = dependencies;
    this.#onRead = onRead;
  }

  /** Null without a consent. */
  get(configId: string): HeldGrant | null {
    return this.#held.get(configId) ?? null;
  }

  all(): readonly HeldGrant[] {
    return [...this.#held.values()];
  }

  async reload(): Promise<void> {
    const rows = await listOauthGrants(this.#dependencies.store.db);
    this.#held = new Map(rows.map((row) => [row.configId, this.#decrypted(row)]));
    this.#onRead();
  }

  async reloadOne(configId: string): Promise<HeldGrant | null> {
    const row = await findOauthGrant(this.#dependencies.store.db, configId);
    if (row === undefined) {
      this.#held.delete(configId);
      return null;
    }
    const held = this.#decrypted(row);
    this.#held.set(configId, held);
    this.#onRead();
    return held;
  }

  #decrypted(row: OauthGrant): HeldGrant {
    const known = this.#held.get(row.configId);
    if (known?.grant != null && known.row.grantEnc === row.grantEnc) return { row, grant: known.grant };
    try {
      return { row, grant: openGrant(this.#dependencies.secrets, row.configId, row.grantEnc) };
    } catch (error) {
      if (isSendwrightError(error)) return { row, grant: null };
      throw error;
    }
  }
}

/** @throws SendwrightError `oauth.consent_required` if there are none for this destination */
export function tokensOf(held: HeldGrant | null, destination: readonly Field[]): Tokens {
  if (held === null) {
    throw consentRequired("This config isn't connected to its provider yet. Connect it.");
  }
  if (held.grant === null) {
    throw consentRequired(
      "The stored connection was saved with another secret or modified outside Sendwright. Enter client and secret again and connect.",
    );
  }
  const { tokens, client } = held.grant;
  const { name } = authorizationServerOf(client);
  if (tokens === null) {
    throw consentRequired(`This config isn't connected to ${name} yet. Connect it.`);
  }
  if (!sameFields(tokens.destination, destination)) {
    throw consentRequired(
      "The connection was for another server, port, TLS setting or username. Connect the config again.",
    );
  }
  return tokens;
}

export function consentRequired(message: string): SendwrightError {
  return new SendwrightError("oauth.consent_required", message, { smtp: { stage: "auth" } });
}

function sameFields(one: readonly Field[], two: readonly Field[]): boolean {
  return one.length === two.length && one.every((field, index) => field === two[index]);
}
