import { expect, it } from "vitest";
import { files, filesLike, proseOf, read } from "./markdown.ts";

const strings = filesLike("admin/src/**/strings.ts").map(read).join("\n");

const pages = files.filter((file) =>
  /^(?:README\.md|docs\/(?:start|guides|deploy|fix|concepts)\/)/.test(file),
);

it.each(pages.filter((file) => file !== "docs/fix/smtp-replies.md"))(
  "%s names buttons, fields and pages as the pages do",
  (file) => {
    // Bold within a step is a label. Bold at the beginning of a point, or with a full stop, is a lead-in.
    const steps = proseOf(file).match(/^ *\d+\. .*$/gm) ?? [];
    const labels = steps.flatMap((step) =>
      [...step.matchAll(/(?<!^ *\d+\. )\*\*([^*]+)\*\*/g)].map(([, label]) => label),
    );
    expect(labels.filter((label) => !strings.includes(`"${label}"`))).toEqual([]);
  },
);
