/**
 * A line of a CSV file (RFC 4180): fields in quotes if they hold a comma, a quote or a line break, and CRLF at the end.
 * A field that a spreadsheet would take for a formula gets an apostrophe before it.
 */
export function csvLine(fields: readonly (string | number | boolean | null)[]): string {
  return `${fields.map(csvField).join(",")}\r\n`;
}

function csvField(value: string | number | boolean | null): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  // Spreadsheets skip some characters before they look for a formula.
  const text = /^[\s\0\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20|]|^[\t\r\n]/u.test(value)
    ? `'${value}`
    : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
