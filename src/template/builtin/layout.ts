import type { Layout } from "../template.ts";

/** Keeps the mail program from filling the preview with the text that follows the preheader. */
const previewPadding = "&#847;&#8204;&#160;".repeat(40);

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
      <mj-all font-family="-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif" />
      <mj-text font-size="16px" line-height="24px" color="#252a34" padding="0 0 16px" />
      <mj-table font-size="16px" line-height="24px" color="#252a34" padding="0 0 16px" />
      <mj-divider border-color="#e3e6eb" border-width="1px" padding="8px 0 24px" />
      <mj-button border-radius="8px" font-size="16px" font-weight="700" line-height="24px" inner-padding="12px 24px" padding="8px 0 24px" align="left" background-color="{{ brand.color }}" color="{{ brand.onColor }}" />
    </mj-attributes>
    <mj-style>
      :root { color-scheme: light dark; supported-color-schemes: light dark; }
      h1 { margin: 0; font-size: 24px; line-height: 32px; font-weight: 700; letter-spacing: -0.01em; }
      h2 { margin: 0; font-size: 16px; line-height: 24px; font-weight: 700; }
      a { color: {{ brand.linkColor }}; }
      .break { word-break: break-all; overflow-wrap: anywhere; }
      .facts td { padding: 2px 0; vertical-align: top; }
      @media only screen and (max-width: 480px) {
        .card { padding-left: 8px !important; padding-right: 8px !important; }
        .card > table > tbody > tr > td > div > table > tbody > tr > td { padding: 28px 20px 12px !important; }
      }
      @media (prefers-color-scheme: dark) {
        body, .page { background-color: #121419 !important; }
        .card > table > tbody > tr > td > div > table > tbody > tr > td { background-color: #1c2027 !important; }
        .ink div, .ink table, .ink td, .ink h1, .ink h2, .header div, .header a { color: #e9ebef !important; }
        .ink .muted, .quiet div, .footer div { color: #a4acb9 !important; }
        .ink a, .quiet a { color: {{ brand.linkColorDark }} !important; }
        .footer a { color: #a4acb9 !important; }
        .rule, .rule p { border-color: #343a45 !important; }
        .picture { background-color: #2a2f39 !important; }
      }
    </mj-style>
  </mj-head>
  <mj-body css-class="page" background-color="#f3f4f7" width="600px">
    <mj-section css-class="header" padding="32px 16px 20px">
      <mj-column>
        <mj-raw>{% if product or brand.logoUrl %}</mj-raw>
        <mj-text align="center" padding="0" font-size="18px" font-weight="700">
          {%- if brand.url %}<a href="{{ brand.url }}" style="text-decoration:none;color:#252a34">{% endif -%}
          {%- if brand.logoUrl %}<img src="{{ brand.logoUrl }}" alt="{{ product }}" height="32" style="display:inline-block;height:32px;width:auto;border:0" />{% else %}{{ product }}{% endif -%}
          {%- if brand.url %}</a>{% endif -%}
        </mj-text>
        <mj-raw>{% endif %}</mj-raw>
      </mj-column>
    </mj-section>
    <mj-section css-class="card" padding="0 16px">
      <mj-column background-color="#ffffff" border-radius="12px" padding="40px 40px 24px">
{{ content }}
      </mj-column>
    </mj-section>
    <mj-section css-class="footer" padding="24px 32px 40px">
      <mj-column>
        <mj-raw>{% if brand.footerLinks.size > 0 %}</mj-raw>
        <mj-text align="center" font-size="13px" line-height="20px" color="#5d6675" padding="0 0 8px">
          {%- for link in brand.footerLinks %}{% unless forloop.first %} &#160;·&#160; {% endunless %}<a href="{{ link.url }}" style="color:#5d6675">{{ link.label }}</a>{% endfor -%}
        </mj-text>
        <mj-raw>{% endif %}{% if product or brand.address %}</mj-raw>
        <mj-text align="center" font-size="13px" line-height="20px" color="#5d6675" padding="0">
          {%- if product %}{{ product }}{% endif %}{% if product and brand.address %} &#160;·&#160; {% endif %}{{ brand.address }}
        </mj-text>
        <mj-raw>{% endif %}</mj-raw>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>`;

const text = `{{ content }}
{%- if product or brand.address or brand.footerLinks.size > 0 %}

--
{% if product %}{{ product }}
{% endif %}{% if brand.address %}{{ brand.address }}
{% endif %}{% for link in brand.footerLinks %}{{ link.label }}: {{ link.url }}
{% endfor %}{% endif %}`;

/**
 * The layout of an installation that has none of its own: name or logo above a card, address and links
 * below. It reads without pictures, from 320 pixels on, in light and dark.
 */
export const builtinLayout: Layout = { mjml, text };
