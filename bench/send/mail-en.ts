import { parseLiquid } from "../../src/templates/engine/liquid.ts";

/** In English: but for a name and a sign, all of it is ASCII. */

const subject = parseLiquid("Order {{ number }} is on its way", "line", "subject");

const html = parseLiquid(
  `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Order {{ number }}</title></head>
  <body style="margin:0;background:#f4f4f2;font-family:Helvetica,Arial,sans-serif;color:#2b2620">
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="padding:24px 0">
      <tr><td align="center">
        <table role="presentation" width="600" cellpadding="0" cellspacing="0" style="background:#ffffff">
          <tr><td style="padding:24px 32px;font-size:22px;font-weight:bold">Your order is on its way</td></tr>
          <tr><td style="padding:0 32px 16px;font-size:16px;line-height:24px">
            <p>Dear {{ name }},</p>
            <p>we have packed order <b>{{ number }}</b> and given it to the parcel service. It usually takes
            two working days; you can see where it is at any time.</p>
            {% if gift %}<p>It is wrapped as a gift, and no prices are enclosed.</p>{% endif %}
          </td></tr>
          <tr><td style="padding:16px 32px;border-top:1px solid #e4e0d8;font-size:15px;line-height:22px">
            Coffee beans from Ethiopia, 1 kg<br>Paper filters, 100 pieces<br>Glass jug with lid, 600 ml
          </td></tr>
          <tr><td style="padding:16px 32px;border-top:1px solid #e4e0d8;font-size:15px;line-height:22px">
            Total, with shipping and taxes: <b>{{ total }} €</b>
          </td></tr>
          <tr><td align="center" style="padding:24px 32px">
            <a href="{{ url }}" style="background:#b3541e;color:#ffffff;padding:12px 24px">Where is it?</a>
          </td></tr>
          <tr><td style="padding:16px 32px;font-size:12px;line-height:18px;color:#8a7f70">
            If nobody is at home, the parcel waits at the next shop for seven days. Bring this message or an
            identity card to get it there. Should something be missing or broken, please tell us within two
            weeks: we send it again, or give your money back, as you like.<br><br>
            You get this message because you ordered at example.com. Questions? Just answer this email.<br><br>
            The beans were roasted three days ago. They are at their best from the second week on; keep them in
            their bag, dry and cool, and grind them just before you use them. The filters fit all jugs of the same
            size. The jug may go into the dishwasher, its lid may not. Spare lids and seals are in our shop.<br><br>
            Example Shop, 12 Harbour Road, Kingstown · Monday to Friday from nine to six
          </td></tr>
        </table>
      </td></tr>
    </table>
  </body>
</html>
`,
  "html",
  "html",
);

const text = parseLiquid(
  `Your order is on its way

Dear {{ name }},

we have packed order {{ number }} and given it to the parcel service. It usually takes two working
days; you can see where it is at any time:

  {{ url }}

{% if gift %}It is wrapped as a gift, and no prices are enclosed.

{% endif %}  Coffee beans from Ethiopia, 1 kg
  Paper filters, 100 pieces
  Glass jug with lid, 600 ml

  Total, with shipping and taxes: {{ total }} €

The beans were roasted three days ago. They are at their best from the second week on; keep them in
their bag, dry and cool, and grind them just before you use them. The filters fit all jugs of the
same size. The jug may go into the dishwasher, its lid may not.

If nobody is at home, the parcel waits at the next shop for seven days. Bring this message or an
identity card to get it there. Should something be missing or broken, please tell us within two
weeks: we send it again, or give your money back, as you like.

You get this message because you ordered at example.com. Questions? Just answer this email. We are
there from Monday to Friday, from nine to six, and on Saturdays until noon: in the shop, on the
telephone, and of course by email.

Example Shop, 12 Harbour Road, Kingstown
`,
  "text",
  "text",
);

export const english = { subject, html, text };
