import type { TemplateSource } from "../engine/template.ts";

/** The languages of the built-in templates. */
const builtinLocales = ["en", "de", "fr", "es", "ja"] as const;

/** One thing in every language. */
export type InEveryLocale<Value> = Readonly<Record<(typeof builtinLocales)[number], Value>>;

/** The structure of a template, filled with the words of each language. */
export function sourcesIn<Words>(
  words: InEveryLocale<Words>,
  source: (words: Words, common: CommonWords) => TemplateSource,
): InEveryLocale<TemplateSource> {
  const entries = builtinLocales.map((locale) => [locale, source(words[locale], commonWords[locale])]);
  return Object.fromEntries(entries) as InEveryLocale<TemplateSource>;
}

/** Words that several templates use. Liquid stands in them as it will in the sources. */
export interface CommonWords {
  readonly greeting: string;
  /** Above the address of a link, for those whose button does nothing. */
  readonly copyLink: string;
  /** Between a label and what it labels, in plain text. */
  readonly colon: string;
  readonly time: string;
  readonly device: string;
  readonly place: string;
  readonly approximate: string;
  readonly aboutRequest: string;
}

/** French sets a no-break space before a colon, question mark or exclamation mark: U+00A0, which every font has. */
const commonWords: InEveryLocale<CommonWords> = {
  en: {
    greeting: "Hi {{ name }},",
    copyLink: "If the button does not work, copy this address into your browser:",
    colon: ": ",
    time: "Time",
    device: "Device",
    place: "Place",
    approximate: "{{ place }} (approximate)",
    aboutRequest: "About this request",
  },
  de: {
    greeting: "Hallo {{ name }},",
    copyLink: "Falls die Schaltfläche nicht funktioniert, kopieren Sie diese Adresse in Ihren Browser:",
    colon: ": ",
    time: "Zeitpunkt",
    device: "Gerät",
    place: "Ort",
    approximate: "{{ place }} (ungefähr)",
    aboutRequest: "Über diese Anfrage",
  },
  fr: {
    greeting: "Bonjour {{ name }},",
    copyLink: "Si le bouton ne fonctionne pas, copiez cette adresse dans votre navigateur\u00a0:",
    colon: "\u00a0: ",
    time: "Date",
    device: "Appareil",
    place: "Lieu",
    approximate: "{{ place }} (approximatif)",
    aboutRequest: "À propos de cette demande",
  },
  es: {
    greeting: "Hola, {{ name }}:",
    copyLink: "Si el botón no funciona, copie esta dirección en su navegador:",
    colon: ": ",
    time: "Fecha",
    device: "Dispositivo",
    place: "Lugar",
    approximate: "{{ place }} (aproximado)",
    aboutRequest: "Acerca de esta solicitud",
  },
  ja: {
    greeting: "{{ name }} 様",
    copyLink: "ボタンを押しても開かない場合は、次のアドレスをブラウザーに貼り付けてください。",
    colon: "：",
    time: "日時",
    device: "端末",
    place: "場所",
    approximate: "{{ place }}（おおよその位置）",
    aboutRequest: "このリクエストについて",
  },
};
