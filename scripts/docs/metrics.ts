import { Metrics } from "../../src/core/metrics.ts";
import { code, type Page, page, sentence, table } from "./markdown.ts";

export async function metricPage(): Promise<Page> {
  const metrics = new Metrics();
  metrics.lookUp({
    queue: async () => ({ queued: 0, sending: 0, oldestAgeMs: 0 }),
    sessions: () => 0,
    nodeFaults: () => 0,
    skewMs: () => 0,
    alerts: async () => 0,
    contentMemory: () => 0,
    freeDisk: async () => 0,
    configLimits: async () => [{ config: "Main", id: "1", setting: "maxPerDay", ratio: 0 }],
  });
  const text = await metrics.registry.metrics();
  const own = [...text.matchAll(/^# HELP (sendwright_\S+) (.*)\n# TYPE \S+ (\S+)$/gm)];
  return page("reference/metrics.md", "src/core/metrics.ts", "Metrics", [
    "`GET /metrics` has these figures in the Prometheus text format, with the usual ones of Node.js (`process_…`, `nodejs_…`). From other machines it needs an API key with the scope `admin`. [Monitoring](../guides/monitoring.md#alert-rules-for-prometheus) has rules to alert on.",
    table(
      ["Metric", "Type", "Labels", "Meaning"],
      own.map(([, name = "", help = "", type = ""]) => [
        code(name),
        type,
        labelsOf(text, name).map(code).join(", "),
        sentence(help),
      ]),
    ),
  ]);
}

function labelsOf(text: string, name: string): string[] {
  const labels = new RegExp(`^${name}(?:_bucket)?\\{([^}]*)\\}`, "m").exec(text)?.[1] ?? "";
  return [...labels.matchAll(/(\w+)="/g)].map(([, label = ""]) => label).filter((label) => label !== "le");
}
