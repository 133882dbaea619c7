import { z } from "zod";
import { line, moment, timeZone, webLink } from "../fields.ts";
import type { Template } from "../template.ts";

const schema = z.strictObject({
  name: line(100).optional().describe("Whom to greet"),
  url: webLink().describe("The page where the password is set anew, with its token"),
  validMinutes: z.int().min(1).max(43_200).optional().describe("How long the link works, in minutes"),
  device: line(200).optional().describe("What asked for the link, such as Firefox on Linux"),
  place: line(200).optional().describe("About where the request came from, such as Lyon, France"),
  time: moment().optional().describe("When the link was asked for"),
  timeZone: timeZone().optional().describe("The reader's time zone; UTC unless given"),
  productName: line(100).optional().describe("Goes before the name of the brand"),
});

const validity = `{% if validMinutes %}
{%- if validMinutes == 1 %}1 minute
{%- elsif validMinutes < 120 %}{{ validMinutes }} minutes
{%- else %}{% assign hours = validMinutes | divided_by: 60 | floor %}{{ hours }} hours{% endif %}
{%- endif %}`;

const preheader = `Choose a new password with the link in this email.{% if validMinutes %} It works for ${validity}.{% endif %}`;

const mjml = /* mjml */ `
        <mj-text css-class="ink"><h1>Reset your password</h1></mj-text>
        <mj-raw>{% if name %}</mj-raw>
        <mj-text css-class="ink">Hi {{ name }},</mj-text>
        <mj-raw>{% endif %}</mj-raw>
        <mj-text css-class="ink">
          Someone asked to reset the password of your {% if product %}{{ product }} {% endif %}account. If it was you, choose a new one here:
        </mj-text>
        <mj-button href="{{ url }}">Choose a new password</mj-button>
        <mj-raw>{% if validMinutes %}</mj-raw>
        <mj-text css-class="ink">The link works for ${validity}.</mj-text>
        <mj-raw>{% endif %}</mj-raw>
        <mj-text css-class="quiet" font-size="14px" line-height="20px" color="#5d6675">
          If the button does not work, copy this address into your browser:<br />
          <a class="break" href="{{ url }}">{{ url }}</a>
        </mj-text>
        <mj-divider css-class="rule" />
        <mj-raw>{% if time or device or place %}</mj-raw>
        <mj-text css-class="ink" padding="0 0 8px"><h2>About this request</h2></mj-text>
        <mj-table css-class="ink facts" font-size="14px" line-height="20px">
          {%- if time %}<tr><td class="muted" width="72" style="color:#5d6675">Time</td><td>{{ time | datetime: timeZone }}</td></tr>{% endif %}
          {%- if device %}<tr><td class="muted" width="72" style="color:#5d6675">Device</td><td>{{ device }}</td></tr>{% endif %}
          {%- if place %}<tr><td class="muted" width="72" style="color:#5d6675">Place</td><td>{{ place }} (approximate)</td></tr>{% endif %}
        </mj-table>
        <mj-raw>{% endif %}</mj-raw>
        <mj-text css-class="ink" padding="0 0 8px"><h2>This was not you?</h2></mj-text>
        <mj-text css-class="quiet" font-size="14px" line-height="20px" color="#5d6675">
          Then ignore this email: your password stays as it is. Do not pass the link on to anyone; it lets its reader into your account.
        </mj-text>`;

const text = `
Reset your password

{% if name %}Hi {{ name }},

{% endif %}Someone asked to reset the password of your {% if product %}{{ product }} {% endif %}account. If it was you, choose a new one here:

{{ url }}

{% if validMinutes %}The link works for ${validity}.

{% endif %}{% if time or device or place %}About this request
{% if time %}  Time: {{ time | datetime: timeZone }}
{% endif %}{% if device %}  Device: {{ device }}
{% endif %}{% if place %}  Place: {{ place }} (approximate)
{% endif %}
{% endif %}This was not you? Then ignore this email: your password stays as it is. Do not pass the link on to anyone; it lets its reader into your account.
`;

/** A link to choose a new password. `{ url }` is enough. */
export const passwordReset: Template = {
  name: "password-reset",
  description: "A link to choose a new password",
  sensitive: true,
  expiresAfterMs: 60 * 60 * 1000,
  schema,
  example: {
    name: "Jo",
    url: "https://app.example.com/reset?token=4f1c9a52e07b4d7c8b6d",
    validMinutes: 60,
    device: "Firefox on Linux",
    place: "Lyon, France",
    time: "2026-03-01T09:30:00+01:00",
    timeZone: "Europe/Paris",
  } satisfies z.input<typeof schema>,
  sources: {
    en: {
      subject: `Reset your {% if product %}{{ product }} {% endif %}password`,
      preheader,
      mjml,
      text,
    },
  },
};
