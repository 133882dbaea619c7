/** What an audit entry tells beside its action, in one line, such as `name: Main · changed: smtpPort`. */
export function detailWords(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name}: ${wordOf(value)}`)
    .join(" · ");
}

function wordOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordOf).join(", ");
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
