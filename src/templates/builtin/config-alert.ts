import { z } from "zod";
import { line, moment, webLink } from "../engine/fields.ts";
import type { Template } from "../engine/template.ts";
import { name, productName, readersTimeZone } from "./common-fields.ts";
import { type InEveryLocale, sourcesIn } from "./locales.ts";
import { factsMjml, factsText, greetingMjml, greetingText } from "./parts.ts";

const schema = z.strictObject({
  name,
  config: line(200).describe("The SMTP config, by its name"),
  isOfAll: z.boolean().optional().describe("Whether it is about all SMTP configs together"),
  isOver: z.boolean().optional().describe("Whether the trouble is over"),
  title: line(200).describe("What is wrong, in a few words"),
  explanation: line(2000).describe("What that means"),
  remedy: line(2000).optional().describe("What can be done about it"),
  time: moment().optional().describe("When it was found, or found to be over"),
  url: webLink().optional().describe("The page of the config"),
  timeZone: readersTimeZone,
  productName,
});

interface Words {
  readonly subject: string;
  readonly intro: string;
  readonly over: string;
  /** The same for all configs together. */
  readonly introOfAll: string;
  readonly overOfAll: string;
  readonly remedy: string;
  readonly foundAt: string;
  readonly button: string;
}

const words: InEveryLocale<Words> = {
  en: {
    subject: "{% unless isOfAll %}{{ config }}: {% endunless %}{% if isOver %}over: {% endif %}{{ title }}",
    intro: "A check of the SMTP settings “{{ config }}” has found something that you should look at.",
    over: "A check of the SMTP settings “{{ config }}” has found that this is over. There is nothing you need to do.",
    introOfAll: "Sendwright has found something in the email log that you should look at.",
    overOfAll: "The email log shows that this is over. There is nothing you need to do.",
    remedy: "What to do",
    foundAt: "Found",
    button: "Open the settings",
  },
  de: {
    subject:
      "{% unless isOfAll %}{{ config }}: {% endunless %}{% if isOver %}behoben: {% endif %}{{ title }}",
    intro:
      "Eine Prüfung der SMTP-Einstellungen „{{ config }}“ hat etwas gefunden, das Sie sich ansehen sollten.",
    over: "Eine Prüfung der SMTP-Einstellungen „{{ config }}“ hat ergeben, dass dies behoben ist. Sie müssen nichts tun.",
    introOfAll: "Sendwright hat im E-Mail-Protokoll etwas gefunden, das Sie sich ansehen sollten.",
    overOfAll: "Das E-Mail-Protokoll zeigt, dass dies behoben ist. Sie müssen nichts tun.",
    remedy: "Abhilfe",
    foundAt: "Gefunden",
    button: "Einstellungen öffnen",
  },
  fr: {
    subject:
      "{% unless isOfAll %}{{ config }}\u00a0: {% endunless %}{% if isOver %}résolu\u00a0: {% endif %}{{ title }}",
    intro:
      "Une vérification des paramètres SMTP «\u00a0{{ config }}\u00a0» a révélé un point qui demande votre attention.",
    over: "Une vérification des paramètres SMTP «\u00a0{{ config }}\u00a0» montre que ce problème est résolu. Vous n’avez rien à faire.",
    introOfAll: "Sendwright a relevé dans le journal des e-mails un point qui demande votre attention.",
    overOfAll: "Le journal des e-mails montre que ce problème est résolu. Vous n’avez rien à faire.",
    remedy: "Que faire",
    foundAt: "Constaté",
    button: "Ouvrir les paramètres",
  },
  es: {
    subject:
      "{% unless isOfAll %}{{ config }}: {% endunless %}{% if isOver %}resuelto: {% endif %}{{ title }}",
    intro: "Una comprobación de la configuración SMTP «{{ config }}» ha encontrado algo que debería revisar.",
    over: "Una comprobación de la configuración SMTP «{{ config }}» muestra que esto está resuelto. No tiene que hacer nada.",
    introOfAll: "Sendwright ha encontrado en el registro de correos algo que debería revisar.",
    overOfAll: "El registro de correos muestra que esto está resuelto. No tiene que hacer nada.",
    remedy: "Qué hacer",
    foundAt: "Detectado",
    button: "Abrir la configuración",
  },
  ja: {
    subject:
      "{% unless isOfAll %}{{ config }}：{% endunless %}{% if isOver %}解決済み：{% endif %}{{ title }}",
    intro: "SMTP設定「{{ config }}」の点検で、確認が必要な問題が見つかりました。",
    over: "SMTP設定「{{ config }}」の点検で、次の問題が解決したことを確認しました。対応は不要です。",
    introOfAll: "メールの記録に、確認が必要な問題が見つかりました。",
    overOfAll: "メールの記録から、次の問題が解決したことを確認しました。対応は不要です。",
    remedy: "対処方法",
    foundAt: "確認日時",
    button: "設定を開く",
  },
};

function opening({ intro, over, introOfAll, overOfAll }: Words): string {
  const one = `{% if isOver %}${over}{% else %}${intro}{% endif %}`;
  return `{% if isOfAll %}{% if isOver %}${overOfAll}{% else %}${introOfAll}{% endif %}{% else %}${one}{% endif %}`;
}

/** Tells an admin what a check of an SMTP config has found, or that it is over. */
export const configAlert = {
  name: "config-alert",
  description: "Tells an admin what a check of an SMTP config has found",
  sensitive: false,
  expiresAfterMs: null,
  schema,
  example: {
    config: "Company relay",
    title: "The certificate ends on 2026-03-15",
    explanation:
      "The certificate of the server is valid until 2026-03-15T12:00:00.000Z. After that, sending stops.",
    remedy: "Remind whoever runs the server to renew it.",
    time: "2026-03-01T09:30:00+01:00",
    url: "https://app.example.com/mail/settings/smtp/0199f7a2-5b3c-7d10-8f21-6a1be0c4d2e9",
    timeZone: "Europe/Paris",
  } satisfies z.input<typeof schema>,
  sources: sourcesIn(words, (word, common) => {
    const facts = [
      { label: word.remedy, field: "remedy" },
      { label: word.foundAt, field: "time", value: "{{ time | datetime: timeZone }}" },
    ];
    return {
      subject: `{% if product %}{{ product }}${common.colon}{% endif %}${word.subject}`,
      preheader: "{{ explanation }}",
      mjml: `<mj-text><h1>{{ title }}</h1></mj-text>
${greetingMjml(common)}
<mj-text>${opening(word)}</mj-text>
<mj-text>{{ explanation }}</mj-text>
${factsMjml(facts)}
{% if url %}
<mj-button href="{{ url }}">${word.button}</mj-button>
{% endif %}`,
      text: `{{ title }}

${greetingText(common)}${opening(word)}

{{ explanation }}

${factsText(facts, common)}{% if url %}
${word.button}${common.colon}{{ url }}
{% endif %}`,
    };
  }),
} satisfies Template;
