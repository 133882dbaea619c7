// npm run -s bench -- send --json > results.json; node bench/plot.ts results.json > docs/images/sending.svg
import { readFileSync } from "node:fs";

interface Bar {
  readonly rate: string;
  readonly name: string;
  readonly what: string;
  readonly kind: "ours" | "theirs" | "limit";
}

const bars: readonly Bar[] = [
  { rate: "sendwright-sqlite", name: "Sendwright, SQLite", what: "stored, synced to disk", kind: "ours" },
  {
    rate: "sendwright-postgres",
    name: "Sendwright, PostgreSQL",
    what: "stored, synced to disk",
    kind: "ours",
  },
  { rate: "nodemailer", name: "nodemailer, pooled", what: "nothing stored", kind: "theirs" },
  { rate: "pg-boss", name: "pg-boss + nodemailer", what: "stored, synced to disk", kind: "theirs" },
  { rate: "plain-socket", name: "A plain socket", what: "nothing rendered or stored", kind: "limit" },
];

const rowHeight = 52;
const top = 64;
const left = 210;
const widest = 520;

/** The rates of one run as bars. Its colours follow the reader's: light or dark. */
function drawSending(rates: Readonly<Record<string, number>>): string {
  const shown = bars.flatMap((bar) => {
    const perSecond = rates[bar.rate];
    return perSecond === undefined ? [] : [{ ...bar, perSecond }];
  });
  const fastest = Math.max(...shown.map(({ perSecond }) => perSecond));
  const nodemailer = rates.nodemailer;
  const rows = shown.map(({ name, what, kind, perSecond }, row) => {
    const y = top + row * rowHeight;
    const width = Math.max(2, Math.round((perSecond / fastest) * widest));
    const ratio = nodemailer === undefined ? "" : ` · ${(perSecond / nodemailer).toFixed(1)} ×`;
    return [
      `<text class="name" x="20" y="${y + 14}">${name}</text>`,
      `<text class="what" x="20" y="${y + 31}">${what}</text>`,
      `<rect class="${kind}" x="${left}" y="${y}" width="${width}" height="32" rx="4"/>`,
      `<text class="value" x="${left + width + 10}" y="${y + 21}">${rounded(perSecond)}/s${ratio}</text>`,
    ].join("");
  });
  const height = top + shown.length * rowHeight + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 ${height}" font-family="system-ui, sans-serif" font-size="15" role="img" aria-label="Emails per second: ${shown.map(({ name, perSecond }) => `${name} ${rounded(perSecond)}`).join(", ")}">
  <style>
    .title { font-weight: 600; fill: #2b2620 } .name { fill: #2b2620 } .what { font-size: 12px; fill: #5f564a }
    .value { font-size: 13px; fill: #2b2620; font-variant-numeric: tabular-nums }
    .ours { fill: #b3541e } .theirs { fill: #b9ae9c } .limit { fill: none; stroke: #b9ae9c; stroke-dasharray: 4 3 }
    @media (prefers-color-scheme: dark) {
      .title, .name, .value { fill: #f3ede2 } .what { fill: #c3b9a9 }
      .ours { fill: #f08a4b } .theirs { fill: #6d6355 } .limit { stroke: #8a7f70 }
    }
  </style>
  <text class="title" x="20" y="26">Emails per second, and beside nodemailer</text>
  <text class="what" x="20" y="45">Text and HTML, about 4 KiB, rendered for each mail; 10 connections, 100 callers; longer is better</text>
  ${rows.join("\n  ")}
</svg>`;
}

/** Three digits say all that a measurement knows. */
function rounded(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en");
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("name the file that holds the results as JSON");
const { rates } = JSON.parse(readFileSync(file, "utf8")) as { rates: Record<string, number> };
console.log(drawSending(rates));
