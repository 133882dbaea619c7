import { z } from "zod";
import { line, moment, webLink } from "../engine/fields.ts";
import type { Template } from "../engine/template.ts";
import { name, productName, readersTimeZone } from "./common-fields.ts";
import { type InEveryLocale, sourcesIn } from "./locales.ts";
import { greetingMjml, greetingText } from "./parts.ts";

const schema = z.strictObject({
  name,
  failures: z
    .array(
      z.strictObject({
        recipient: line(320).describe("Whom the email was for"),
        subject: line(998).optional().describe("Its subject; left out where the email is sensitive"),
        time: moment().optional().describe("When it failed, as in RFC 3339"),
        reason: line(1000).describe("Why it failed, in words"),
        remedy: line(1000).optional().describe("What can be done about it, in words"),
      }),
    )
    .min(1)
    .max(50)
    .describe("The emails that could not be delivered, or the first of them"),
  count: z.int().min(1).optional().describe("How many there are in all; as many as are listed unless given"),
  url: webLink().optional().describe("The log, where they can be looked into"),
  timeZone: readersTimeZone,
  productName,
});

interface Words {
  readonly subject: string;
  readonly preheader: string;
  readonly intro: string;
  readonly noSubject: string;
  readonly failedAt: string;
  readonly reason: string;
  readonly remedy: string;
  readonly more: string;
  readonly button: string;
}

const words: InEveryLocale<Words> = {
  en: {
    subject:
      '{{ count | default: failures.size | plural: one: "# email", other: "# emails" }} could not be delivered',
    preheader: "The first: {{ failures.first.recipient }}",
    intro:
      '{{ count | default: failures.size | plural: one: "This email", other: "These emails" }} could not be delivered{% if product %} by {{ product }}{% endif %}, and will not be tried again by itself.',
    noSubject: "(subject not shown)",
    failedAt: "Failed",
    reason: "Reason",
    remedy: "What to do",
    more: '… and {{ count | minus: failures.size | plural: one: "# more", other: "# more" }}.',
    button: "Open the log",
  },
  de: {
    subject:
      '{{ count | default: failures.size | plural: one: "# E-Mail konnte", other: "# E-Mails konnten" }} nicht zugestellt werden',
    preheader: "Die erste: {{ failures.first.recipient }}",
    intro:
      '{{ count | default: failures.size | plural: one: "Diese E-Mail konnte", other: "Diese E-Mails konnten" }}{% if product %} von {{ product }}{% endif %} nicht zugestellt werden. Ein weiterer Versuch geschieht nicht von selbst.',
    noSubject: "(Betreff nicht gezeigt)",
    failedAt: "Fehlgeschlagen",
    reason: "Grund",
    remedy: "Abhilfe",
    more: '… und {{ count | minus: failures.size | plural: one: "# weitere", other: "# weitere" }}.',
    button: "Protokoll öffnen",
  },
  fr: {
    subject:
      '{{ count | default: failures.size | plural: one: "# e-mail n’a pas pu être distribué", other: "# e-mails n’ont pas pu être distribués" }}',
    preheader: "Le premier\u00a0: {{ failures.first.recipient }}",
    intro:
      '{{ count | default: failures.size | plural: one: "Cet e-mail n’a pas pu être distribué", other: "Ces e-mails n’ont pas pu être distribués" }}{% if product %} par {{ product }}{% endif %}. Aucune nouvelle tentative ne sera faite automatiquement.',
    noSubject: "(objet non affiché)",
    failedAt: "Échec",
    reason: "Motif",
    remedy: "Que faire",
    more: '… et {{ count | minus: failures.size | plural: one: "# autre", other: "# autres" }}.',
    button: "Ouvrir le journal",
  },
  es: {
    subject:
      '{{ count | default: failures.size | plural: one: "# correo no se ha podido entregar", other: "# correos no se han podido entregar" }}',
    preheader: "El primero: {{ failures.first.recipient }}",
    intro:
      '{% if product %}{{ product }}: {% endif %}{{ count | default: failures.size | plural: one: "Este correo no se ha podido entregar", other: "Estos correos no se han podido entregar" }} y no se volverá a intentar automáticamente.',
    noSubject: "(asunto no mostrado)",
    failedAt: "Error",
    reason: "Motivo",
    remedy: "Qué hacer",
    more: '… y {{ count | minus: failures.size | plural: one: "# más", other: "# más" }}.',
    button: "Abrir el registro",
  },
  ja: {
    subject: "{{ count | default: failures.size | number }}通のメールを配信できませんでした",
    preheader: "最初の宛先：{{ failures.first.recipient }}",
    intro:
      "{% if product %}{{ product }}からの{% endif %}次のメールを配信できませんでした。自動的に再送されることはありません。",
    noSubject: "（件名は表示されません）",
    failedAt: "失敗日時",
    reason: "理由",
    remedy: "対処方法",
    more: "ほか{{ count | minus: failures.size | number }}通",
    button: "ログを開く",
  },
};

/** Tells an admin which emails could not be delivered, why, and what to do. */
export const deliveryFailure = {
  name: "delivery-failure",
  description: "Tells an admin which emails could not be delivered",
  sensitive: false,
  expiresAfterMs: null,
  schema,
  example: {
    name: "Jo",
    failures: [
      {
        recipient: "kim@example.com",
        subject: "Your order 10042 is confirmed",
        time: "2026-03-01T09:30:00+01:00",
        reason: "The server at example.com does not know this address (550 5.1.1).",
        remedy: "Check the address with the customer and send the email again.",
      },
      {
        recipient: "li@example.org",
        time: "2026-03-01T09:34:00+01:00",
        reason: "The server at example.org could not be reached for 24 hours.",
        remedy: "Ask the customer for another address.",
      },
    ],
    count: 5,
    url: "https://app.example.com/mail/emails?state=failed",
    timeZone: "Europe/Paris",
  } satisfies z.input<typeof schema>,
  sources: sourcesIn(words, (word, common) => ({
    subject: `{% if product %}{{ product }}${common.colon}{% endif %}${word.subject}`,
    preheader: word.preheader,
    mjml: `<mj-text><h1>${word.subject}</h1></mj-text>
${greetingMjml(common)}
<mj-text>${word.intro}</mj-text>
{% for failure in failures %}
<mj-divider padding="0 0 16px" />
<mj-text padding="0 0 4px"><h2>{{ failure.recipient }}</h2></mj-text>
<mj-text padding="0 0 8px">{{ failure.subject | default: "${word.noSubject}" }}</mj-text>
<mj-table css-class="facts" font-size="14px" line-height="20px">
  <tr><td class="label">${word.reason}</td><td>{{ failure.reason }}</td></tr>
  {%- if failure.remedy %}<tr><td class="label">${word.remedy}</td><td>{{ failure.remedy }}</td></tr>{% endif %}
  {%- if failure.time %}<tr><td class="label">${word.failedAt}</td><td>{{ failure.time | datetime: timeZone }}</td></tr>{% endif %}
</mj-table>
{% endfor %}
{% if count > failures.size %}
<mj-text>${word.more}</mj-text>
{% endif %}
{% if url %}
<mj-button href="{{ url }}">${word.button}</mj-button>
{% endif %}`,
    text: `${word.subject}

${greetingText(common)}${word.intro}

{% for failure in failures %}- {{ failure.recipient }}
  {{ failure.subject | default: "${word.noSubject}" }}
  ${word.reason}${common.colon}{{ failure.reason }}
{% if failure.remedy %}  ${word.remedy}${common.colon}{{ failure.remedy }}
{% endif %}{% if failure.time %}  ${word.failedAt}${common.colon}{{ failure.time | datetime: timeZone }}
{% endif %}
{% endfor %}{% if count > failures.size %}${word.more}

{% endif %}{% if url %}${word.button}${common.colon}{{ url }}
{% endif %}`,
  })),
} satisfies Template;
