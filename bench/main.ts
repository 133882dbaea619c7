// npm run bench [-- suite …] [--json] [--emails 3000] [--rounds 3] [--only sendwright-sqlite,nodemailer] [--language en]

import { acceptSuite } from "./accept.ts";
import { composeSuite } from "./compose.ts";
import { doctorSuite } from "./doctor.ts";
import { doorSuite } from "./door.ts";
import { hostileSuite } from "./hostile.ts";
import { httpSuite } from "./http.ts";
import { latencySuite } from "./latency.ts";
import { logSuite } from "./log.ts";
import type { Results } from "./measure.ts";
import { type BenchOptions, readOptions } from "./options.ts";
import { queuedSuite } from "./queued.ts";
import { asJson, asTable } from "./report.ts";
import { sendSuite } from "./send.ts";
import { startSuite } from "./start.ts";
import { templatesSuite } from "./templates.ts";

const suites: Readonly<Record<string, (options: BenchOptions) => Promise<Results>>> = {
  send: sendSuite,
  latency: () => latencySuite(),
  http: () => httpSuite(),
  hostile: ({ only }) => hostileSuite(only),
  door: () => doorSuite(),
  log: () => logSuite(),
  queued: () => queuedSuite(),
  compose: composeSuite,
  templates: () => templatesSuite(),
  doctor: () => doctorSuite(),
  accept: () => acceptSuite(),
  start: () => startSuite(),
};

const options = readOptions(process.argv.slice(2));
const unknown = options.suites.filter((name) => suites[name] === undefined);
if (unknown.length > 0) {
  throw new Error(`There is no suite ${unknown.join(", ")}; there are ${Object.keys(suites).join(", ")}.`);
}

const results: Results[] = [];
for (const [name, run] of Object.entries(suites)) {
  if (options.suites.length > 0 && !options.suites.includes(name)) continue;
  process.stderr.write(`Measuring: ${name} …\n`);
  results.push(await run(options));
}
console.log(options.json ? asJson(results) : asTable(results));
