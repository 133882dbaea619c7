import { z } from "zod";
import { line, moment, webLink } from "../engine/fields.ts";
import type { Template } from "../engine/template.ts";
import { name, productName, readersTimeZone } from "./common-fields.ts";
import { sourceInEnglish } from "./locales.ts";
import { factsMjml, factsText, greetingMjml, greetingText } from "./parts.ts";

const schema = z.strictObject({
  name,
  failures: z
    .array(
      z.strictObject({
        recipient: line(320).describe("Recipient of the email"),
        subject: line(998)
          .optional()
          .describe("Subject of the email; leave it out if the email is sensitive"),
        time: moment().optional().describe("Time of the failure, as in RFC 3339"),
        reason: line(1000).describe("Why the email failed"),
        remedy: line(1000).optional().describe("Remedy for the admin"),
      }),
    )
    .min(1)
    .max(50)
    .describe("Emails that could not be delivered, or the first of them"),
  count: z
    .int()
    .min(1)
    .optional()
    .describe("Number of emails that could not be delivered. Defaults to the number listed"),
  url: webLink().optional().describe("Page of the email log"),
  timeZone: readersTimeZone,
  productName,
});

const count = "count | default: failures.size";
const subject = `{{ ${count} | plural: one: "# email", other: "# emails" }} could not be delivered`;
const these = `plural: one: "this email", other: "these emails"`;
const intro = `{% if product %}{{ product }} couldn’t deliver {{ ${count} | ${these} }} and won’t retry {{ ${count} | plural: one: "it", other: "them" }} automatically.
{%- else %}{{ ${count} | ${these} | capitalize }} couldn’t be delivered and won’t be retried automatically.
{%- endif %}`;
const noSubject = "(subject not shown)";
const more = `… and {{ count | minus: failures.size }} more.`;
const button = "Open the email log";

/** What is known of one failure. */
const facts = [
  { label: "Reason", field: "failure.reason" },
  { label: "What to do", field: "failure.remedy" },
  { label: "Failed", field: "failure.time", value: "{{ failure.time | datetime: timeZone }}" },
];

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
  sources: sourceInEnglish((common) => ({
    subject: `{% if product %}{{ product }}${common.colon}{% endif %}${subject}`,
    preheader: `{{ ${count} | plural: one: "Recipient", other: "First recipient" }}: {{ failures.first.recipient }}`,
    mjml: `<mj-text><h1>${subject}</h1></mj-text>
${greetingMjml(common)}
<mj-text>${intro}</mj-text>
{% for failure in failures %}
<mj-divider padding="0 0 16px" />
<mj-text padding="0 0 4px"><h2>{{ failure.recipient }}</h2></mj-text>
<mj-text padding="0 0 8px">{{ failure.subject | default: "${noSubject}" }}</mj-text>
${factsMjml(facts)}
{% endfor %}
{% if count > failures.size %}
<mj-text>${more}</mj-text>
{% endif %}
{% if url %}
<mj-button href="{{ url }}">${button}</mj-button>
{% endif %}`,
    text: `${subject}

${greetingText(common)}${intro}

{% for failure in failures %}- {{ failure.recipient }}
  {{ failure.subject | default: "${noSubject}" }}
${factsText(facts, common)}
{% endfor %}{% if count > failures.size %}${more}

{% endif %}{% if url %}${button}${common.colon}{{ url }}
{% endif %}`,
  })),
} satisfies Template;
