const names = new Intl.DisplayNames("en", { type: "language", fallback: "code" });

/** `German` for `de`; the tag itself where it has no name. */
export function languageName(tag: string): string {
  try {
    return names.of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** A language tag in its usual form, `pt-BR` for `PT-br`; null for what is none. */
export function languageTag(typed: string): string | null {
  try {
    return Intl.getCanonicalLocales(typed.trim())[0] ?? null;
  } catch {
    return null;
  }
}
