import { z } from "zod";
import { line, moment, webLink } from "../engine/fields.ts";
import type { Template } from "../engine/template.ts";
import { name, productName, readersTimeZone } from "./common-fields.ts";
import { sourceInEnglish } from "./locales.ts";
import { factsMjml, factsText, greetingMjml, greetingText } from "./parts.ts";

const schema = z.strictObject({
  name,
  config: line(200).describe("Name of the SMTP config"),
  isOfAll: z.boolean().optional().describe("True if the problem concerns all SMTP configs together"),
  isOver: z.boolean().optional().describe("True if the problem is resolved"),
  title: line(200).describe("Problem in a few words"),
  explanation: line(2000).describe("Explanation of the problem"),
  remedy: line(2000).optional().describe("Remedy for the admin"),
  time: moment().optional().describe("Time when the problem was found or resolved, as in RFC 3339"),
  url: webLink().optional().describe("Page of the config, or of the failed emails"),
  timeZone: readersTimeZone,
  productName,
});

const check = "A check of the SMTP config “{{ config }}” found";
const nothingToDo = "You don’t need to do anything.";

/** The first sentence: where the problem, or its end, was seen. */
const opening = `{% if isOfAll and isOver %}The email log shows that this problem is resolved. ${nothingToDo}
{%- elsif isOfAll %}The email log shows a problem.
{%- elsif isOver %}${check} that this problem is resolved. ${nothingToDo}
{%- else %}${check} a problem.
{%- endif %}`;

const heading = "{% if isOver %}Resolved: {% endif %}{{ title }}";
const button = "{% if isOfAll %}View failed emails{% else %}Open the SMTP config{% endif %}";

/** What was wrong is told as a fact, because it is in the present tense. */
const facts = [
  { label: "Problem", field: "isOver", value: "{{ explanation }}" },
  { label: "What to do", field: "remedy" },
  {
    label: "{% if isOver %}Resolved{% else %}Found{% endif %}",
    field: "time",
    value: "{{ time | datetime: timeZone }}",
  },
];

/** Tells an admin which problem a check of an SMTP config or the email log shows, or that it is resolved. */
export const configAlert = {
  name: "config-alert",
  description: "Tells an admin about a problem with an SMTP config, or that it is resolved",
  sensitive: false,
  expiresAfterMs: null,
  schema,
  example: {
    config: "Company mail",
    title: "The certificate expires on March 15, 2026",
    explanation:
      "The SMTP server’s certificate is valid until March 15, 2026 at 12:00 PM UTC. After that, Sendwright can’t send through this server.",
    remedy: "Ask the server’s administrator to renew the certificate.",
    time: "2026-03-01T09:30:00+01:00",
    url: "https://app.example.com/mail/settings/smtp/0199f7a2-5b3c-7d10-8f21-6a1be0c4d2e9",
    timeZone: "Europe/Paris",
  } satisfies z.input<typeof schema>,
  sources: sourceInEnglish((common) => ({
    // The product comes last: one inbox may get alerts of several, and the problem is what counts.
    subject:
      "{% if isOver %}Resolved: {% endif %}{% unless isOfAll %}{{ config }} – {% endunless %}{{ title }}{% if product %} ({{ product }}){% endif %}",
    preheader: `{% if isOver %}${nothingToDo}{% else %}{{ explanation }}{% endif %}`,
    mjml: `<mj-text><h1>${heading}</h1></mj-text>
${greetingMjml(common)}
<mj-text>${opening}</mj-text>
{% unless isOver %}
<mj-text>{{ explanation }}</mj-text>
{% endunless %}
${factsMjml(facts)}
{% if url %}
<mj-button href="{{ url }}">${button}</mj-button>
{% endif %}`,
    text: `${heading}

${greetingText(common)}${opening}

{% unless isOver %}{{ explanation }}

{% endunless %}${factsText(facts, common)}{% if url %}
${button}${common.colon}{{ url }}
{% endif %}`,
  })),
} satisfies Template;
