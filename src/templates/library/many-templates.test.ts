import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { LoadedTemplates, type TemplateEntry } from "../engine/templates.ts";
import { entryOf, readTemplateContent } from "./content.ts";

const count = 10_000;

function entry(number: number): TemplateEntry {
  const content = readTemplateContent({
    definition: {
      description: `Greeting ${number}`,
      schema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
      example: { name: "Jo" },
    },
    sources: {
      en: {
        subject: `${number} {{ name }}`,
        mjml: `<mj-text>${number} {{ name }}</mj-text>`,
        text: "{{ name }}",
      },
    },
  });
  return entryOf(`greeting-${number}`, content, 1);
}

/** What is still reachable, in megabytes. */
function usedMb(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed / 1e6;
}

it("renders ten thousand templates, and keeps but the latest of them compiled", { timeout: 300_000 }, () => {
  const templates = new LoadedTemplates();
  const entries = Array.from({ length: count }, (_, number) => entry(number));
  templates.replace({ ...templates.context, entries });
  const render = (from: number, to: number) => {
    for (let number = from; number < to; number += 1) {
      const { subject } = templates.render(`greeting-${number}`, { data: { name: "Jo" } });
      expect(subject).toBe(`${number} Jo`);
    }
  };
  render(0, 1000);
  const before = usedMb();
  render(1000, count);
  const growth = usedMb() - before;
  expect(growth).toBeLessThan(20);
});
