import { isDeepStrictEqual } from "node:util";
import { isSendwrightError } from "../core/errors.ts";
import { parse } from "../core/parse.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { ConfigResolver } from "../smtp-configs/resolver.ts";
import { smtpConfigDraft, smtpConfigEdited, smtpConfigTest } from "../smtp-configs/settings.ts";
import type { Drafts } from "../smtp-configs/versions/drafts.ts";
import type { Store } from "../store/store.ts";
import type { SmtpConfigVersion } from "../store/tables/smtp-config-versions.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";

/** What is tested. A form is not validated yet, and may hold `sendTo`. */
export type TestTarget =
  /** Settings that stand alone; they may not hold the mask of a password. */
  | { readonly kind: "unsaved"; readonly form: unknown }
  | { readonly kind: "saved"; readonly id: string }
  /** A saved config with the changes of a form. */
  | { readonly kind: "edited"; readonly id: string; readonly form: unknown }
  /** The stored draft of a saved config. */
  | { readonly kind: "draft"; readonly id: string };

/** A target whose settings are valid and whose password is decrypted. */
export interface ResolvedTarget {
  readonly config: ResolvedConfig;
  /** The recipient of the test email; null to send none. */
  readonly sendTo: string | null;
  /** The stored settings that were tested, which get the result; null if these settings are stored nowhere. */
  readonly stored:
    | { readonly kind: "config"; readonly config: SmtpConfig }
    | { readonly kind: "draft"; readonly draft: SmtpConfigVersion }
    | null;
}

export interface TargetDependencies {
  readonly store: Store;
  readonly configSource: ConfigSource;
  readonly resolver: ConfigResolver;
  readonly drafts: Drafts;
}

/**
 * Resolves a target under the same guard as saving: a saved password goes to its own destination only.
 * @param sendTo replaces the `sendTo` of a form
 * @throws SendwrightError `input.invalid`, `config.not_found`, `config.password_required`, `seal.broken`,
 * `secret.mismatch`.
 */
export async function resolveTarget(
  target: TestTarget,
  sendTo: string | null,
  { store, configSource, resolver, drafts }: TargetDependencies,
): Promise<ResolvedTarget> {
  switch (target.kind) {
    case "unsaved": {
      const { sendTo: to, ...form } = parse(smtpConfigDraft, withSendTo(target.form, sendTo));
      return { config: resolver.resolveUnsaved(form), sendTo: to, stored: null };
    }
    case "saved": {
      const { sendTo: to } = parse(smtpConfigTest, { sendTo });
      const row = await configSource.find(store.db, target.id);
      const config = await resolver.resolveSaved(target.id);
      return { config, sendTo: to, stored: row === undefined ? null : { kind: "config", config: row } };
    }
    case "edited": {
      const { sendTo: to, ...form } = parse(smtpConfigEdited, withSendTo(target.form, sendTo));
      const row = await configSource.find(store.db, target.id);
      const config = await resolver.resolveEdited(target.id, form);
      const isSaved = row !== undefined && isSavedAs(row, config, resolver);
      return { config, sendTo: to, stored: isSaved ? { kind: "config", config: row } : null };
    }
    case "draft": {
      const { sendTo: to } = parse(smtpConfigTest, { sendTo });
      const { config, draft } = await drafts.resolve(target.id);
      return { config, sendTo: to, stored: { kind: "draft", draft } };
    }
  }
}

function isSavedAs(row: SmtpConfig, config: ResolvedConfig, resolver: ConfigResolver): boolean {
  try {
    return isDeepStrictEqual(resolver.resolve(row), config);
  } catch (error) {
    // A row that cannot be decrypted is not what was tested.
    if (isSendwrightError(error)) return false;
    throw error;
  }
}

/** The form with the recipient, so that one validation reports every fault; anything but an object stays invalid. */
function withSendTo(form: unknown, sendTo: string | null): unknown {
  const isObject = typeof form === "object" && form !== null && !Array.isArray(form);
  return sendTo !== null && isObject ? { ...form, sendTo } : form;
}
