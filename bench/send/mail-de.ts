import { parseLiquid } from "../../src/templates/engine/liquid.ts";

/** In German: as in most languages, every other line has letters outside ASCII. */

const subject = parseLiquid("Ihre Bestellung {{ number }} ist unterwegs", "line", "subject");

const html = parseLiquid(
  `<!doctype html>
<html lang="de">
  <head><meta charset="utf-8"><title>Bestellung {{ number }}</title></head>
  <body style="margin:0;background:#f4f4f2;font-family:Helvetica,Arial,sans-serif;color:#2b2620">
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="padding:24px 0">
      <tr><td align="center">
        <table role="presentation" width="600" cellpadding="0" cellspacing="0" style="background:#ffffff">
          <tr><td style="padding:24px 32px;font-size:22px;font-weight:bold">Ihre Bestellung ist unterwegs</td></tr>
          <tr><td style="padding:0 32px 16px;font-size:16px;line-height:24px">
            <p>Guten Tag {{ name }},</p>
            <p>wir haben Ihre Bestellung <b>{{ number }}</b> verpackt und dem Paketdienst übergeben. Gewöhnlich dauert
            es zwei Werktage; Sie können jederzeit nachsehen, wo das Päckchen gerade ist.</p>
            {% if gift %}<p>Es ist als Geschenk verpackt, Preise liegen natürlich nicht bei.</p>{% endif %}
          </td></tr>
          <tr><td style="padding:16px 32px;border-top:1px solid #e4e0d8;font-size:15px;line-height:22px">
            Kaffeebohnen aus Äthiopien, 1 kg<br>Papierfilter, 100 Stück<br>Glaskrug mit Deckel, 600 ml
          </td></tr>
          <tr><td style="padding:16px 32px;border-top:1px solid #e4e0d8;font-size:15px;line-height:22px">
            Gesamtbetrag, einschließlich Versand und Steuern: <b>{{ total }} €</b>
          </td></tr>
          <tr><td align="center" style="padding:24px 32px">
            <a href="{{ url }}" style="background:#b3541e;color:#ffffff;padding:12px 24px">Wo ist es?</a>
          </td></tr>
          <tr><td style="padding:16px 32px;font-size:12px;line-height:18px;color:#8a7f70">
            Wenn niemand zu Hause ist, wartet das Päckchen sieben Tage lang im nächsten Geschäft. Für die Abholung
            genügt diese Nachricht oder ein Ausweis. Sollte etwas fehlen oder beschädigt sein, sagen Sie es uns bitte
            innerhalb von zwei Wochen: Wir schicken es noch einmal oder geben Ihnen das Geld zurück, wie Sie möchten.<br><br>
            Die Bohnen wurden vor drei Tagen geröstet. Am schönsten schmecken sie ab der zweiten Woche; bewahren Sie sie in
            der Tüte auf, trocken und kühl, und mahlen Sie sie erst kurz vor dem Brühen. Die Filter passen für alle Krüge
            dieser Größe. Der Krug verträgt die Spülmaschine, sein Deckel nicht. Ersatzdeckel führen wir natürlich auch.<br><br>
            Sie erhalten diese Nachricht, weil Sie bei example.com bestellt haben. Noch Fragen? Antworten Sie einfach.<br><br>
            Beispielgeschäft, Hafenstraße 12, 20457 Königsstadt · Montag bis Freitag von neun bis sechs
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
  `Ihre Bestellung ist unterwegs

Guten Tag {{ name }},

wir haben Ihre Bestellung {{ number }} verpackt und dem Paketdienst übergeben. Gewöhnlich dauert es
zwei Werktage; Sie können jederzeit nachsehen, wo das Päckchen gerade ist:

  {{ url }}

{% if gift %}Es ist als Geschenk verpackt, Preise liegen natürlich nicht bei.

{% endif %}  Kaffeebohnen aus Äthiopien, 1 kg
  Papierfilter, 100 Stück
  Glaskrug mit Deckel, 600 ml

  Gesamtbetrag, einschließlich Versand und Steuern: {{ total }} €

Die Bohnen wurden vor drei Tagen geröstet. Am schönsten schmecken sie ab der zweiten Woche; bewahren
Sie sie in der Tüte auf, trocken und kühl, und mahlen Sie sie erst kurz vor dem Brühen. Die Filter
passen für alle Krüge dieser Größe. Der Krug verträgt die Spülmaschine, sein Deckel nicht.

Wenn niemand zu Hause ist, wartet das Päckchen sieben Tage lang im nächsten Geschäft. Für die
Abholung genügt diese Nachricht oder ein Ausweis. Sollte etwas fehlen oder beschädigt sein, sagen Sie
es uns bitte innerhalb von zwei Wochen: Wir schicken es noch einmal oder geben Ihnen das Geld zurück.

Sie erhalten diese Nachricht, weil Sie bei example.com bestellt haben. Noch Fragen? Antworten Sie
einfach.

Beispielgeschäft, Hafenstraße 12, 20457 Königsstadt
`,
  "text",
  "text",
);

export const german = { subject, html, text };
