import { expect, it } from "vitest";
import { failed, ok, warning } from "./checks/check.ts";
import { printChecks } from "./print.ts";

function printed(...checks: Parameters<typeof printChecks>[0]): string {
  let text = "";
  const write = (more: string) => {
    text += more;
  };
  printChecks(checks, "Sendwright 1.0.0", { write, isTerminal: false, hasColours: false, columns: 80 });
  return text;
}

const node = ok({ id: "machine.node", title: "Node.js" }, "24.0.0");
const key = warning({ id: "data.key_file", title: "Key file" }, "Others may read it.", "`chmod 600 key`");
const secret = failed({ id: "secret.fits", title: "Secret" }, "It does not fit.", "Set the right one.");

it("lists what was found by area, with what to do, and sums it up", () => {
  expect(printed(secret, key, node)).toBe(`Sendwright 1.0.0

Machine
  ✓ Node.js  24.0.0

Data directory
  ! Key file  Others may read it.
              Fix: \`chmod 600 key\`

Secret
  ✗ Secret  It does not fit.
            Fix: Set the right one.

1 of 3 checks failed, 1 warning.
`);
});

it("says when all is well, and when nothing failed", () => {
  expect(printed(node)).toContain("\nAll checks passed.\n");
  expect(printed(node, key, key)).toContain("\n0 failed, 2 warnings.\n");
});

it("keeps to the line what others have named", () => {
  const config = ok(
    { id: "configs.1", title: "Main\u001b[2J\nrelay with a name of more than 24 letters" },
    "fine",
  );
  expect(printed(config)).toContain("  ✓ Main [2J relay with a name of more than 24 letters  fine\n");
});
