/** What GET shows where a password is saved; sent back, it keeps that password. */
const mask = "********";

/** What the admin has done about the password since the form was loaded. */
export type PasswordEntry =
  | { readonly kind: "untouched" }
  | { readonly kind: "typed"; readonly value: string }
  | { readonly kind: "removed" };

export interface PasswordSituation {
  readonly entry: PasswordEntry;
  /** A password is saved. */
  readonly isSaved: boolean;
  /** The saved one is bound to another destination than the form's. */
  readonly isElsewhere: boolean;
  /** The saved one cannot be used, whatever the form says: the seal is broken or the key is another. */
  readonly isUnusable: boolean;
  readonly hasUsername: boolean;
}

/**
 * How the password field shows itself:
 * `none` nothing saved: type one · `saved` the mask · `replacing` a new one instead of the saved ·
 * `removing` the saved one goes · `required` it must be typed again · `off` no username, no sign-in.
 */
export type PasswordState = "none" | "saved" | "replacing" | "removing" | "required" | "off";

export function passwordState(situation: PasswordSituation): PasswordState {
  const { entry, isSaved } = situation;
  if (!situation.hasUsername) return "off";
  if (!isSaved) return "none";
  if (entry.kind === "removed") return "removing";
  if (situation.isElsewhere || situation.isUnusable) return "required";
  return entry.kind === "typed" ? "replacing" : "saved";
}

/**
 * What the body says: the mask keeps, null removes, anything else sets.
 * `undefined` when it must be typed first, and nothing may be sent.
 */
export function passwordToSend(situation: PasswordSituation): string | null | undefined {
  const typed = situation.entry.kind === "typed" ? situation.entry.value : "";
  switch (passwordState(situation)) {
    case "saved":
      return mask;
    case "off":
    case "removing":
      return null;
    case "none":
      return typed === "" ? null : typed;
    case "replacing":
    case "required":
      return typed === "" ? undefined : typed;
  }
}
