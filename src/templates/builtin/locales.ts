import type { TemplateSource } from "../engine/template.ts";

/** The languages of the built-in templates. */
const builtinLocales = ["en", "de", "fr", "es", "ja"] as const;

/** One value for each language. */
export type InEveryLocale<Value> = Readonly<Record<(typeof builtinLocales)[number], Value>>;

/** The structure of a template, filled with the words of each language. */
export function sourcesIn<Words>(
  words: InEveryLocale<Words>,
  source: (words: Words, common: CommonWords) => TemplateSource,
): InEveryLocale<TemplateSource> {
  const entries = builtinLocales.map((locale) => [locale, source(words[locale], commonWords[locale])]);
  return Object.fromEntries(entries) as InEveryLocale<TemplateSource>;
}

/**
 * The source of a template that is in English only. Emails to admins that carry an explanation are: Sendwright writes
 * its explanations in English, as its pages are, and an email in two languages would be hard to read.
 */
export function sourceInEnglish(source: (common: CommonWords) => TemplateSource): {
  readonly en: TemplateSource;
} {
  return { en: source(commonWords.en) };
}

/** Words that several templates use. They may hold Liquid, as the sources do. */
export interface CommonWords {
  readonly greeting: string;
  /** Above the link itself, for readers whose button does not work. */
  readonly copyLink: string;
  /** Between a label and its value, in plain text. */
  readonly colon: string;
  readonly time: string;
  readonly device: string;
  readonly place: string;
  readonly approximate: string;
  readonly aboutRequest: string;
  /** Above what to do if the reader did not ask for the email. */
  readonly notRequested: string;
  /** Between two sentences: Japanese sets no space. */
  readonly sentenceGap: string;
}

/** French sets a narrow no-break space (U+202F) before a colon, semicolon, question or exclamation mark. */
const commonWords: InEveryLocale<CommonWords> = {
  en: {
    greeting: "Hi {{ name }},",
    copyLink: "If the button doesn’t work, copy this link into your browser:",
    colon: ": ",
    time: "Time",
    device: "Device",
    place: "Location",
    approximate: "{{ place }} (approximate)",
    aboutRequest: "Request details",
    notRequested: "Didn’t request this?",
    sentenceGap: " ",
  },
  de: {
    greeting: "Hallo {{ name }},",
    copyLink: "Falls die Schaltfläche nicht funktioniert, kopieren Sie diesen Link in Ihren Browser:",
    colon: ": ",
    time: "Zeitpunkt",
    device: "Gerät",
    place: "Ort",
    approximate: "{{ place }} (ungefähr)",
    aboutRequest: "Angaben zur Anfrage",
    notRequested: "Sie haben das nicht angefordert?",
    sentenceGap: " ",
  },
  fr: {
    greeting: "Bonjour {{ name }},",
    copyLink: "Si le bouton ne fonctionne pas, copiez ce lien dans votre navigateur\u202f:",
    colon: "\u202f: ",
    time: "Date et heure",
    device: "Appareil",
    place: "Lieu",
    approximate: "{{ place }} (approximatif)",
    aboutRequest: "Détails de la demande",
    notRequested: "Vous n’êtes pas à l’origine de cette demande\u202f?",
    sentenceGap: " ",
  },
  es: {
    greeting: "Hola, {{ name }}:",
    copyLink: "Si el botón no funciona, copie este enlace en su navegador:",
    colon: ": ",
    time: "Fecha y hora",
    device: "Dispositivo",
    place: "Ubicación",
    approximate: "{{ place }} (aproximada)",
    aboutRequest: "Detalles de la solicitud",
    notRequested: "¿No lo ha solicitado usted?",
    sentenceGap: " ",
  },
  ja: {
    greeting: "{{ name }} 様",
    copyLink: "ボタンを押しても開かない場合は、次のリンクをブラウザーに貼り付けてください。",
    colon: "：",
    time: "日時",
    device: "デバイス",
    place: "場所",
    approximate: "{{ place }}（推定）",
    aboutRequest: "リクエストの詳細",
    notRequested: "お心当たりがない場合",
    sentenceGap: "",
  },
};
