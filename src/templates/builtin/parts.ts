import type { CommonWords } from "./locales.ts";

/** Pieces that several sources have in common, as their authors would write them. */

/** `Hi Jo,`, where the name is known. */
export function greetingMjml({ greeting }: CommonWords): string {
  return `{% if name %}
<mj-text>${greeting}</mj-text>
{% endif %}`;
}

export function greetingText({ greeting }: CommonWords): string {
  return `{% if name %}${greeting}

{% endif %}`;
}

/** Labels and values, one below the other; each is left out where its condition does not hold. */
export interface Fact {
  readonly label: string;
  /** The field that must be there. */
  readonly field: string;
  /** What is shown of it; the field itself unless given. */
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

/** When, with what and from where something was asked for. */
export function requestFacts({ time, device, place, approximate }: CommonWords): readonly Fact[] {
  return [
    { label: time, field: "time", value: "{{ time | datetime: timeZone }}" },
    { label: device, field: "device" },
    { label: place, field: "place", value: approximate },
  ];
}
