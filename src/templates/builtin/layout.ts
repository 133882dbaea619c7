import type { Layout } from "../engine/template.ts";

/** Keeps mail programs from filling the preview with the text that follows the preheader. */
const previewPadding = "&#847;&#8204;&#160;".repeat(40);

/** Latin letters in the font of the system, Japanese in the font that each system has. */
const fonts =
  "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Hiragino Sans', 'Yu Gothic UI', 'Noto Sans JP', 'Noto Sans CJK JP', Meiryo, sans-serif";
const codeFonts = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace";

const mjml = /* mjml */ `<mjml lang="{{ locale }}">
  <mj-head>
    <mj-title>{{ subject }}</mj-title>
    <mj-preview>{% if preheader %}{{ preheader }}${previewPadding}{% endif %}</mj-preview>
    <mj-breakpoint width="480px" />
    <mj-raw>
      <meta name="color-scheme" content="light dark" />
      <meta name="supported-color-schemes" content="light dark" />
      <meta name="format-detection" content="telephone=no, date=no, address=no, email=no" />
    </mj-raw>
    <mj-attributes>
      <mj-all font-family="${fonts}" />
      <mj-text font-size="16px" line-height="24px" color="#252a34" padding="0 0 16px" />
      <mj-table font-size="16px" line-height="24px" color="#252a34" padding="0 0 16px" />
      <mj-divider border-color="#e3e6eb" border-width="1px" padding="8px 0 24px" css-class="rule" />
      <mj-button css-class="button" border-radius="8px" font-size="16px" font-weight="700" line-height="24px" inner-padding="12px 24px" padding="8px 0 24px" align="left" background-color="{{ brand.color }}" color="{{ brand.onColor }}" />
      <mj-class name="quiet" css-class="quiet" font-size="14px" line-height="20px" color="#5d6675" />
      <mj-class name="code" css-class="code" font-family="${codeFonts}" font-size="32px" line-height="40px" font-weight="700" align="center" padding="12px 0 24px" />
      <mj-class name="footer" css-class="quiet footer" font-size="13px" line-height="20px" color="#5d6675" align="center" padding="0 0 8px" />
    </mj-attributes>
    <mj-style>
      :root { color-scheme: light dark; supported-color-schemes: light dark; }
      h1 { margin: 0; font-size: 24px; line-height: 32px; font-weight: 700; letter-spacing: -0.01em; text-wrap: balance; word-break: auto-phrase; }
      h2 { margin: 0; font-size: 16px; line-height: 24px; font-weight: 700; }
      h1, h2, td { overflow-wrap: anywhere; }
      .page a { color: {{ brand.linkColor }}; }
      .page .quiet.footer a, .page .header a { color: inherit; }
      .page .button a { color: {{ brand.onColor }}; text-wrap: balance; }
      .break { word-break: break-all; }
      .code div { padding: 16px; border-radius: 8px; background-color: #f0f1f4; letter-spacing: 0.12em; user-select: all; -webkit-user-select: all; }
      .label { color: #5d6675; }
      .facts td, .totals td { padding: 2px 0; vertical-align: top; }
      .facts .label { width: 1%; padding-right: 16px; white-space: nowrap; }
      .items td { padding: 12px 0; border-top: 1px solid #e3e6eb; vertical-align: top; }
      .amount { padding-left: 16px !important; white-space: nowrap; }
      .picture { width: 56px; height: 56px; border-radius: 8px; background-color: #f0f1f4; overflow: hidden; }
      .picture img { display: block; width: 56px; height: 56px; object-fit: cover; border: 0; }
      @media only screen and (max-width: 480px) {
        .card { padding-left: 8px !important; padding-right: 8px !important; }
        .card > table > tbody > tr > td > div > table > tbody > tr > td { padding: 28px 20px 12px !important; }
        .code div { padding: 16px 8px; font-size: 28px !important; }
        .facts .label { width: 30%; padding-right: 12px; white-space: normal; word-break: keep-all; overflow-wrap: normal; }
        .amount { padding-left: 8px !important; }
      }
      @media (prefers-color-scheme: dark) {
        body, .page { background-color: #121419 !important; }
        .card > table > tbody > tr > td > div > table > tbody > tr > td { background-color: #1c2027 !important; }
        .page div, .page table, .page td, .page h1, .page h2 { color: #e9ebef !important; }
        .page .quiet div, .page .label { color: #a4acb9 !important; }
        .page a { color: {{ brand.linkColorDark }} !important; }
        .page .quiet.footer a, .page .header a { color: inherit !important; }
        .page .button a { color: {{ brand.onColor }} !important; }
        .rule p, .items td { border-color: #343a45 !important; }
        .picture, .code div { background-color: #2a2f39 !important; }
      }
    </mj-style>
  </mj-head>
  <mj-body css-class="page" background-color="#f3f4f6" width="600px">
    <mj-section css-class="header" padding="32px 16px 20px">
      <mj-column>
        {% if brand.logoUrl or product %}
        <mj-text align="center" padding="0" font-size="18px" font-weight="700">
          {%- if brand.url %}<a href="{{ brand.url }}" style="text-decoration:none">{% endif -%}
          {%- if brand.logoUrl %}<img src="{{ brand.logoUrl }}" alt="{{ product }}" height="32" style="display:inline-block;height:32px;width:auto;border:0" />{% else %}{{ product }}{% endif -%}
          {%- if brand.url %}</a>{% endif -%}
        </mj-text>
        {% endif %}
      </mj-column>
    </mj-section>
    <mj-section css-class="card" padding="0 16px">
      <mj-column background-color="#ffffff" border-radius="12px" padding="40px 40px 24px">
{{ content }}
      </mj-column>
    </mj-section>
    <mj-section padding="24px 32px 40px">
      <mj-column>
        {% if brand.footerLinks.size > 0 %}
        <mj-text mj-class="footer">
          {%- for link in brand.footerLinks %}{% unless forloop.first %} &#160;·&#160; {% endunless %}<a href="{{ link.url }}">{{ link.label }}</a>{% endfor -%}
        </mj-text>
        {% endif %}
        {% if product or brand.address %}
        <mj-text mj-class="footer">
          {%- if product %}{{ product }}{% endif %}{% if product and brand.address %} &#160;·&#160; {% endif %}{{ brand.address }}
        </mj-text>
        {% endif %}
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>`;

const text = `{{ content }}
{%- if product or brand.address or brand.footerLinks.size > 0 %}

--
{% if product %}{{ product }}
{% endif %}{% if brand.address %}{{ brand.address }}
{% endif %}{% for link in brand.footerLinks %}{{ link.label }} – {{ link.url }}
{% endfor %}{% endif %}`;

/**
 * The layout of an installation that has none of its own: name or logo above a card, address and links below. It is
 * readable without pictures, from a width of 320 pixels, in light and dark. Its text serves every language, so a dash
 * separates a link from its label: the colon is written differently in French and Japanese.
 *
 * Templates may use its `mj-class` quiet (smaller and paler) and code (a code that the reader enters), and in HTML the
 * classes facts, items, totals, label, amount, picture and break.
 */
export const builtinLayout: Layout = { mjml, text };
