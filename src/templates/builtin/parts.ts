import type { CommonWords } from "./locales.ts";

/** Pieces that several sources share, written as an author would write them. */

/** `Hi Jo,`, if the name is known. */
export function greetingMjml({ greeting }: CommonWords): string {
  return `{% if name %}
<mj-text>${greeting}</mj-text>
{% endif %}`;
}

export function greetingText({ greeting }: CommonWords): string {
  return `{% if name %}${greeting}

{% endif %}`;
}

/** A label and its value, left out if its field has no value. Facts are listed one below the other. */
export interface Fact {
  readonly label: string;
  /** The field that must have a value. */
  readonly field: string;
  /** Liquid that shows the value. Default: the field itself. */
  readonly value?: string;
}

export function factsMjml(facts: readonly Fact[]): string {
  const rows = facts.map(
    ({ label, field, value = `{{ ${field} }}` }) =>
      `  {%- if ${field} %}<tr><td class="label">${label}</td><td>${value}</td></tr>{% endif %}`,
  );
  return `<mj-table css-class="facts" font-size="14px" line-height="20px">
${rows.join("\n")}
</mj-table>`;
}

export function factsText(facts: readonly Fact[], { colon }: CommonWords): string {
  return facts
    .map(
      ({ label, field, value = `{{ ${field} }}` }) =>
        `{% if ${field} %}  ${label}${colon}${value}
{% endif %}`,
    )
    .join("");
}

/** Time, device and location of a request. */
export function requestFacts({ time, device, place, approximate }: CommonWords): readonly Fact[] {
  return [
    { label: time, field: "time", value: "{{ time | datetime: timeZone }}" },
    { label: device, field: "device" },
    { label: place, field: "place", value: approximate },
  ];
}
