// npm run bench [-- --json] [compose] [accept] [start]
import { composeSuite } from "./compose.ts";
import type { Rate } from "./measure.ts";
import { acceptSuite } from "./service.ts";
import { startSuite } from "./start.ts";

const suites: Readonly<Record<string, () => Promise<Rate[]>>> = {
  compose: composeSuite,
  accept: acceptSuite,
  start: startSuite,
};

/** Which rate is divided by which: above 1, Posthorn is faster. */
const compared = [
  ["quoted-printable: Posthorn", "quoted-printable: libqp"],
  ["compose 4 KiB: Posthorn", "compose 4 KiB: nodemailer"],
] as const;

const args = process.argv.slice(2);
const wanted = args.filter((arg) => arg !== "--json");
const rates: Rate[] = [];
for (const [name, suite] of Object.entries(suites)) {
  if (wanted.length === 0 || wanted.includes(name)) rates.push(...(await suite()));
}
const rateOf = (name: string) => rates.find((rate) => rate.name === name)?.perSecond;
const ratios = Object.fromEntries(
  compared.flatMap(([ours, theirs]) => {
    const [our, their] = [rateOf(ours), rateOf(theirs)];
    return our === undefined || their === undefined ? [] : [[`${ours} / ${theirs}`, our / their]];
  }),
);

if (args.includes("--json")) {
  const perSecond = Object.fromEntries(rates.map((rate) => [rate.name, rate.perSecond]));
  console.log(JSON.stringify({ rates: perSecond, ratios }, null, 2));
} else {
  for (const { name, medianMicros, perSecond } of rates) {
    const time =
      medianMicros < 10_000 ? `${medianMicros.toFixed(1)} µs` : `${(medianMicros / 1000).toFixed(0)} ms`;
    console.log(
      `${name.padEnd(32)} ${time.padStart(12)} ${perSecond.toFixed(perSecond < 10 ? 2 : 0).padStart(10)}/s`,
    );
  }
  for (const [name, ratio] of Object.entries(ratios)) console.log(`${name}: ${ratio.toFixed(1)} ×`);
}
