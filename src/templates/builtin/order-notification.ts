import { z } from "zod";
import { currency, line, minorUnits, moment, webLink } from "../engine/fields.ts";
import type { Template, TemplateSource } from "../engine/template.ts";
import { name, productName, readersTimeZone } from "./common-fields.ts";
import { type CommonWords, sourcesIn } from "./locales.ts";
import { type OrderStatus, type OrderWords, orderStatuses, orderWords } from "./order-words.ts";
import { type Fact, factsMjml, factsText, greetingMjml, greetingText } from "./parts.ts";

const schema = z.strictObject({
  status: z.enum(orderStatuses).describe("Event in the life of the order"),
  orderNumber: line(64).describe("Order number that the customer knows"),
  name,
  orderedAt: moment().optional().describe("Time of the order, as in RFC 3339"),
  timeZone: readersTimeZone,
  currency: currency().describe("Currency of all amounts, as an ISO 4217 code"),
  items: z
    .array(
      z.strictObject({
        name: line(200).describe("Name of the product"),
        quantity: z.int().min(1).max(1_000_000).describe("Number of pieces"),
        unitPrice: minorUnits().describe("Price of one piece, in minor units"),
        total: minorUnits().optional().describe("Total of the line. Defaults to quantity times unit price"),
        imageUrl: webLink().optional().describe("Picture, shown 56 pixels square"),
      }),
    )
    .min(1)
    .max(100)
    .describe("Ordered products, one entry for each line"),
  totals: z
    .strictObject({
      subtotal: minorUnits().optional().describe("Total of all items"),
      discount: minorUnits().optional().describe("Discount, as a positive amount"),
      shipping: minorUnits().optional().describe("Cost of shipping"),
      tax: minorUnits().optional().describe("Tax, whether included in the prices or added to them"),
      total: minorUnits().describe("Amount that the customer pays"),
    })
    .describe("Amounts in minor units"),
  shippingAddress: z.array(line(200)).min(1).max(8).optional().describe("Address, one entry for each line"),
  carrier: line(100).optional().describe("Company that delivers the parcel"),
  trackingNumber: line(100).optional().describe("Tracking number of the parcel"),
  trackingUrl: webLink().optional().describe("Page where the customer tracks the parcel"),
  url: webLink().optional().describe("Page of the order"),
  productName,
});

/** The text of the status, one line for each. */
function byStatus(text: (status: OrderStatus) => string): string {
  const branches = orderStatuses.map((status) => `{%- when "${status}" %}${text(status)}`);
  return ["{% case status %}", ...branches, "{%- endcase %}"].join("\n");
}

/** The amount without a tax on top: if it is the total, the prices contain the tax. */
const net =
  "{% assign discount = totals.discount | default: 0 %}{% assign net = totals.shipping | default: 0 | plus: totals.subtotal | minus: discount %}";

function source(word: OrderWords, common: CommonWords): TemplateSource {
  const parcel: readonly Fact[] = [
    { label: word.carrier, field: "carrier" },
    { label: word.trackingNumber, field: "trackingNumber" },
  ];
  const subtotals = [
    { label: word.subtotal, field: "totals.subtotal" },
    { label: word.discount, field: "totals.discount", times: -1 },
    { label: word.shipping, field: "totals.shipping" },
    {
      label: `{% if net == totals.total %}${word.includedTax}{% else %}${word.tax}{% endif %}`,
      field: "totals.tax",
    },
  ].map(({ label, field, times }) => ({
    label,
    field,
    amount: `{{ ${field}${times === undefined ? "" : ` | times: ${times}`} | money: currency }}`,
  }));
  const headings = byStatus((status) => word.status[status].heading);
  const news = byStatus((status) => word.status[status].news);
  const lineTotal =
    "{% assign amount = item.unitPrice | times: item.quantity %}{{ item.total | default: amount | money: currency }}";
  return {
    subject: `{% if product %}{{ product }}${common.colon}{% endif %}${byStatus((status) => word.status[status].subject)}`,
    preheader: word.preheader,
    mjml: `<mj-text padding="0 0 8px"><h1>${headings}</h1></mj-text>
<mj-text mj-class="quiet" padding="0 0 20px">${word.order}{% if orderedAt %} · {{ orderedAt | date: timeZone }}{% endif %}</mj-text>
${greetingMjml(common)}
<mj-text>${news}</mj-text>
{% if carrier or trackingNumber %}
${factsMjml(parcel)}
{% endif %}
{% if trackingUrl %}
<mj-button href="{{ trackingUrl }}">${word.track}</mj-button>
{% if url %}
<mj-text><a href="{{ url }}">${word.view}</a></mj-text>
{% endif %}
{% elsif url %}
<mj-button href="{{ url }}">${word.view}</mj-button>
{% endif %}
{% assign pictures = items | map: "imageUrl" | compact %}
<mj-table css-class="items" padding="8px 0 0">
  {%- for item in items %}
  <tr>
    {%- if pictures.size > 0 %}
    <td width="72"><div class="picture">{% if item.imageUrl %}<img src="{{ item.imageUrl }}" alt="" width="56" height="56" />{% endif %}</div></td>
    {%- endif %}
    <td>{{ item.name }}<br /><span class="label">{{ item.quantity | number }} × {{ item.unitPrice | money: currency }}</span></td>
    <td class="amount" align="right">${lineTotal}</td>
  </tr>
  {%- endfor %}
</mj-table>
<mj-divider padding="0 0 16px" />
${net}
<mj-table css-class="totals">
${subtotals.map(({ label, field, amount }) => `  {%- if ${field} %}<tr><td class="label">${label}</td><td class="amount" align="right">${amount}</td></tr>{% endif %}`).join("\n")}
  <tr><td><b>${word.total}</b></td><td class="amount" align="right"><b>{{ totals.total | money: currency }}</b></td></tr>
</mj-table>
{% if shippingAddress %}
<mj-divider padding="0 0 20px" />
<mj-text padding="0 0 4px"><h2>${word.shippingAddress}</h2></mj-text>
<mj-text mj-class="quiet">{% for part in shippingAddress %}{{ part }}<br />{% endfor %}</mj-text>
{% endif %}`,
    text: `${headings}

${greetingText(common)}${news}
{% if carrier or trackingNumber %}
${factsText(parcel, common)}{% endif %}{% if trackingUrl %}
${word.track}${common.colon}{{ trackingUrl }}
{% endif %}{% if url %}
${word.view}${common.colon}{{ url }}
{% endif %}
${word.order}{% if orderedAt %} · {{ orderedAt | date: timeZone }}{% endif %}

{% for item in items %}- {{ item.name }}
  {{ item.quantity | number }} × {{ item.unitPrice | money: currency }} = ${lineTotal}
{% endfor %}
${net}${subtotals.map(({ label, field, amount }) => `{% if ${field} %}${label}${common.colon}${amount}\n{% endif %}`).join("")}${word.total}${common.colon}{{ totals.total | money: currency }}
{% if shippingAddress %}
${word.shippingAddress}
{% for part in shippingAddress %}  {{ part }}
{% endfor %}{% endif %}`,
  };
}

/** News about an order: confirmed, shipped, delivered or cancelled. */
export const orderNotification = {
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
    // French prices include 20 % of tax.
    totals: { subtotal: 9750, discount: 975, shipping: 490, tax: 1544, total: 9265 },
    shippingAddress: ["Jo Martin", "12 rue des Lilas", "69003 Lyon", "France"],
    url: "https://shop.example.com/orders/10042",
  } satisfies z.input<typeof schema>,
  sources: sourcesIn(orderWords, source),
} satisfies Template;
