import { z } from "zod";
import { currency, line, minorUnits, moment, timeZone, webLink } from "../fields.ts";
import type { Template } from "../template.ts";

const schema = z.strictObject({
  status: z.enum(["confirmed", "shipped", "delivered", "cancelled"]),
  orderNumber: line(64),
  name: line(100).optional().describe("Whom to greet"),
  orderedAt: moment().optional(),
  timeZone: timeZone().optional().describe("The reader's time zone; UTC unless given"),
  currency: currency().describe("Of all amounts; ISO 4217"),
  items: z
    .array(
      z.strictObject({
        name: line(200),
        quantity: z.int().min(1).max(1_000_000),
        unitPrice: minorUnits().describe("Price of one, in minor units"),
        total: minorUnits().optional().describe("Of the line; quantity times unit price unless given"),
        imageUrl: webLink().optional(),
      }),
    )
    .min(1)
    .max(100),
  totals: z
    .strictObject({
      subtotal: minorUnits().optional(),
      discount: minorUnits().optional().describe("What is taken off, as a positive amount"),
      shipping: minorUnits().optional(),
      tax: minorUnits().optional(),
      total: minorUnits(),
    })
    .describe("In minor units"),
  shippingAddress: z.array(line(200)).min(1).max(8).optional().describe("Line by line, as on a parcel"),
  trackingUrl: webLink().optional(),
  url: webLink().optional().describe("The page of the order"),
  productName: line(100).optional().describe("Goes before the name of the brand"),
});

/** What each status says; the first word for text and HTML alike. */
const words = `{% case status -%}
{%- when "confirmed" -%}
  {%- assign heading = "Thank you for your order" -%}
  {%- assign event = "is confirmed" -%}
  {%- assign sentence = "We have received it and will tell you when it is on its way." -%}
{%- when "shipped" -%}
  {%- assign heading = "Your order is on its way" -%}
  {%- assign event = "has been shipped" -%}
  {%- assign sentence = "It has left our hands and is on its way to you." -%}
{%- when "delivered" -%}
  {%- assign heading = "Your order has arrived" -%}
  {%- assign event = "has been delivered" -%}
  {%- assign sentence = "We hope that everything is as you expected." -%}
{%- when "cancelled" -%}
  {%- assign heading = "Your order is cancelled" -%}
  {%- assign event = "has been cancelled" -%}
  {%- assign sentence = "Nothing will be sent. If this surprises you, please get in touch with us." -%}
{%- endcase -%}`;

const muted = `class="muted" style="color:#5d6675"`;

function totalRow(label: string, field: string, amount = `totals.${field}`): string {
  return /* html */ `
          {%- if totals.${field} %}<tr><td ${muted}>${label}</td><td align="right" style="white-space:nowrap">{{ ${amount} | money: currency }}</td></tr>{% endif %}`;
}

const preheader = `${words}Order {{ orderNumber }} {{ event }}: {{ totals.total | money: currency }}.`;

const mjml = /* mjml */ `${words}
        <mj-text css-class="ink" padding="0 0 8px"><h1>{{ heading }}</h1></mj-text>
        <mj-text css-class="quiet" color="#5d6675" padding="0 0 20px">
          Order {{ orderNumber }}{% if orderedAt %} &#160;·&#160; {{ orderedAt | date: timeZone }}{% endif %}
        </mj-text>
        <mj-text css-class="ink">{% if name %}Hi {{ name }}, your{% else %}Your{% endif %} order {{ event }}. {{ sentence }}</mj-text>
        <mj-raw>{% if trackingUrl and status == "shipped" %}</mj-raw>
        <mj-button href="{{ trackingUrl }}">Track your parcel</mj-button>
        <mj-raw>{% elsif url %}</mj-raw>
        <mj-button href="{{ url }}">View your order</mj-button>
        <mj-raw>{% endif %}</mj-raw>
        <mj-raw>{% assign pictures = 0 %}{% for item in items %}{% if item.imageUrl %}{% assign pictures = 1 %}{% endif %}{% endfor %}</mj-raw>
        <mj-table css-class="ink" padding="8px 0 0">
          {%- for item in items %}
          <tr>
            {%- if pictures == 1 %}
            <td class="rule" width="72" style="padding:12px 0;border-top:1px solid #e3e6eb;vertical-align:top">
              <div class="picture" style="width:56px;height:56px;border-radius:8px;background-color:#f0f1f4;overflow:hidden">
                {%- if item.imageUrl %}<img src="{{ item.imageUrl }}" alt="" width="56" height="56" style="display:block;width:56px;height:56px;object-fit:cover;border:0" />{% endif -%}
              </div>
            </td>
            {%- endif %}
            <td class="rule" style="padding:12px 16px 12px 0;border-top:1px solid #e3e6eb;vertical-align:top">
              {{ item.name }}<br /><span class="muted" style="color:#5d6675;font-size:14px">{{ item.quantity }} × {{ item.unitPrice | money: currency }}</span>
            </td>
            <td class="rule" align="right" style="padding:12px 0;border-top:1px solid #e3e6eb;vertical-align:top;white-space:nowrap">
              {%- assign amount = item.unitPrice | times: item.quantity %}{{ item.total | default: amount | money: currency -}}
            </td>
          </tr>
          {%- endfor %}
        </mj-table>
        <mj-divider css-class="rule" padding="0 0 16px" />
        <mj-table css-class="ink facts" font-size="15px">
          ${totalRow("Subtotal", "subtotal")}${totalRow("Discount", "discount", "totals.discount | times: -1")}${totalRow("Shipping", "shipping")}${totalRow("Tax", "tax")}
          <tr><td style="font-weight:700">Total</td><td align="right" style="font-weight:700;white-space:nowrap">{{ totals.total | money: currency }}</td></tr>
        </mj-table>
        <mj-raw>{% if shippingAddress %}</mj-raw>
        <mj-divider css-class="rule" padding="0 0 20px" />
        <mj-text css-class="ink" padding="0 0 4px"><h2>Shipping address</h2></mj-text>
        <mj-text css-class="quiet" font-size="15px" color="#5d6675">{% for part in shippingAddress %}{{ part }}{% unless forloop.last %}<br />{% endunless %}{% endfor %}</mj-text>
        <mj-raw>{% endif %}</mj-raw>`;

const text = `${words}{{ heading }}

{% if name %}Hi {{ name }}, your{% else %}Your{% endif %} order {{ orderNumber }} {{ event }}. {{ sentence }}
{% if trackingUrl %}
Track your parcel: {{ trackingUrl }}
{% endif %}{% if url %}
View your order: {{ url }}
{% endif %}
Order {{ orderNumber }}{% if orderedAt %}, {{ orderedAt | date: timeZone }}{% endif %}

{% for item in items %}- {{ item.name }}
{% assign amount = item.unitPrice | times: item.quantity %}  {{ item.quantity }} × {{ item.unitPrice | money: currency }} = {{ item.total | default: amount | money: currency }}
{% endfor %}
{% if totals.subtotal %}Subtotal: {{ totals.subtotal | money: currency }}
{% endif %}{% if totals.discount %}Discount: {{ totals.discount | times: -1 | money: currency }}
{% endif %}{% if totals.shipping %}Shipping: {{ totals.shipping | money: currency }}
{% endif %}{% if totals.tax %}Tax: {{ totals.tax | money: currency }}
{% endif %}Total: {{ totals.total | money: currency }}
{% if shippingAddress %}
Shipping address
{% for part in shippingAddress %}  {{ part }}
{% endfor %}{% endif %}`;

/** News about an order: confirmed, shipped, delivered or cancelled. */
export const orderNotification: Template = {
  name: "order-notification",
  description: "News about an order: confirmed, shipped, delivered or cancelled",
  sensitive: false,
  expiresAfterMs: null,
  schema,
  example: {
    status: "confirmed",
    orderNumber: "10042",
    name: "Jo",
    orderedAt: "2026-03-01T09:30:00+01:00",
    timeZone: "Europe/Paris",
    currency: "EUR",
    items: [
      { name: "Enamel mug, forest green", quantity: 2, unitPrice: 1800 },
      { name: "Linen tea towel", quantity: 1, unitPrice: 1250 },
      { name: "Beech wood serving board, large", quantity: 1, unitPrice: 4900 },
    ],
    totals: { subtotal: 9750, discount: 975, shipping: 490, tax: 1548, total: 10813 },
    shippingAddress: ["Jo Martin", "12 rue des Lilas", "69003 Lyon", "France"],
    url: "https://shop.example.com/orders/10042",
  } satisfies z.input<typeof schema>,
  sources: {
    en: {
      subject: `${words}Your {% if product %}{{ product }} {% endif %}order {{ orderNumber }} {{ event }}`,
      preheader,
      mjml,
      text,
    },
  },
};
