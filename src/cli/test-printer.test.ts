import { describe, expect, it } from "vitest";
import type { TestReport, TestStage } from "../diagnosis/report.ts";
import type { Output } from "./terminal.ts";
import { type TestedRelay, TestPrinter } from "./test-printer.ts";

const relay: TestedRelay = {
  name: "Main relay",
  host: "smtp.example.com",
  port: 587,
  tls: "starttls",
  sendTo: null,
};

const stage = (given: Partial<TestStage> & Pick<TestStage, "stage">): TestStage => ({
  status: "passed",
  durationMs: 12,
  evidence: {},
  transcript: [],
  ...given,
});

const problem = {
  code: "auth.rejected",
  title: "Wrong username or password",
  explanation: "smtp.example.com rejected the password.",
  remedy: "Enter it again.",
};

/** Prints a test, and gives what stands there. */
function printed(
  stages: readonly TestStage[],
  given: {
    relay?: Partial<TestedRelay>;
    output?: Partial<Output>;
    verbose?: boolean;
    corrections?: TestReport["corrections"];
    warnings?: TestReport["warnings"];
  } = {},
): string {
  let text = "";
  const output: Output = {
    write(more) {
      text += more;
    },
    isTerminal: false,
    hasColours: false,
    columns: 80,
    ...given.output,
  };
  const printer = new TestPrinter({ ...relay, ...given.relay }, output, {
    verbose: given.verbose ?? false,
  });
  for (const one of stages) printer.stage(one);
  const report: TestReport = {
    ok: stages.every(({ status }) => status !== "failed"),
    durationMs: 1_240,
    stages,
    corrections: given.corrections ?? [],
    warnings: given.warnings ?? [],
  };
  printer.report(report);
  return text;
}

const reached = [
  stage({ stage: "resolve", evidence: { addresses: ["192.0.2.1", "192.0.2.2"] } }),
  stage({ stage: "connect", evidence: { address: "192.0.2.1", failures: [] } }),
];

describe("a connection test on the terminal", () => {
  it("warns of a field that looks wrong", () => {
    const warnings = [{ pointer: "/password", detail: "has an invisible character" }];
    const failed = stage({ stage: "connect", status: "failed" });
    expect(printed([failed], { warnings })).toContain("  Check the password: has an invisible character.\n");
  });

  it("has a line a stage, with what was seen", () => {
    expect(
      printed([
        ...reached,
        stage({ stage: "greeting", evidence: { text: "relay ready\nsecond line\u001b[2J" } }),
        stage({ stage: "auth", status: "skipped" }),
      ]),
    ).toBe(`Main relay, smtp.example.com:587

  ✓ Look up the server                   12 ms  192.0.2.1 · 192.0.2.2
  ✓ Connect                              12 ms  192.0.2.1
  ✓ Receive the greeting                 12 ms  relay ready second line [2J
  – Authenticate                                not needed

  Passed in 1.2 s. No email was sent. The server can still reject a message for
  its content or recipient. Use --send-to to test that too.
`);
  });

  it("explains what failed, and says which settings would mend it", () => {
    const failed = stage({
      stage: "auth",
      status: "failed",
      evidence: { reply: "535 5.7.8 No" },
      problem: { ...problem, fix: { smtpPort: 465, useTls: true, tlsMode: "implicit" } },
    });
    expect(printed([failed])).toBe(`Main relay, smtp.example.com:587

  ✗ Authenticate                         12 ms  535 5.7.8 No

    Wrong username or password
    smtp.example.com rejected the password.
    Fix: Enter it again.
    In the settings: Port: 465 · Use TLS: on · TLS mode: Implicit TLS

  Failed at "Authenticate" after 1.2 s.
`);
  });

  it("says it in options where the settings were given as such", () => {
    const failed = stage({
      stage: "auth",
      status: "failed",
      problem: { ...problem, fix: { smtpPort: 465, useTls: true, tlsMode: "implicit" } },
    });
    const text = printed([failed], { relay: { name: null } });
    expect(text).toMatch(/^smtp\.example\.com:587\n/);
    expect(text).toContain("    Use: --port 465 --tls implicit\n");
  });

  it("explains what works but wants attention", () => {
    const text = printed([...reached, stage({ stage: "tls", status: "warning", problem })]);
    expect(text).toContain(
      "  ! Encrypt and check the certificate    12 ms\n\n    Wrong username or password\n",
    );
    expect(text).toContain("Passed with a warning in ");
  });

  it("tells both rounds of EHLO apart, each with its own time", () => {
    const text = printed(
      [
        stage({ stage: "ehlo", evidence: { maxMessageBytes: 36_700_160, authMechanisms: [] } }),
        stage({ stage: "starttls" }),
        stage({ stage: "tls", evidence: { version: "TLSv1.3", names: ["a", "b", "c"], daysLeft: 1 } }),
        stage({
          stage: "ehlo",
          durationMs: 20,
          evidence: { maxMessageBytes: null, authMechanisms: ["PLAIN"] },
        }),
      ],
      {},
    );
    expect(text).toContain("  ✓ Say hello (EHLO)                     12 ms  up to 35.0 MiB\n");
    expect(text).toContain("      TLSv1.3 · certificate for a and 2 more · 1 day left\n");
    expect(text).toContain("  ✓ … again, encrypted                    8 ms  AUTH: PLAIN\n");
  });

  it("names whom the relay took the email for", () => {
    const text = printed([stage({ stage: "message", evidence: { reply: "250 Taken" } })], {
      relay: { sendTo: "ada@example.com" },
    });
    expect(text).toMatch(
      /The\s+SMTP\s+server\s+accepted\s+the\s+test\s+email\s+to\s+ada@example\.com\.\s+Check/,
    );
    expect(text).not.toContain("No email was sent");
  });

  it("shows what was said only when asked, and each line once", () => {
    const first = { from: "relay", text: "250 first" } as const;
    const second = { from: "client", text: "EHLO second" } as const;
    const stages = [
      stage({ stage: "ehlo", transcript: [first] }),
      stage({ stage: "ehlo", transcript: [first, second] }),
    ];
    expect(printed(stages)).not.toContain("250 first");
    const text = printed(stages, { verbose: true });
    expect(text.match(/← 250 first\n/g)).toHaveLength(1);
    expect(text).toContain("      → EHLO second\n");
  });

  it("writes over the stage that is under way, on a terminal alone", () => {
    const text = printed(reached, { output: { isTerminal: true } });
    expect(text).toContain("  · Look up the server … \r\u001b[2K  ✓ Look up the server");
    expect(text).toContain("  · Receive the greeting … \r\u001b[2K\n  Passed");
    expect(printed(reached)).not.toContain("\u001b");
  });

  it("has no stage under way after the last one", () => {
    const all = (["resolve", "connect", "greeting", "ehlo", "auth", "sender"] as const).map((name) =>
      stage({ stage: name }),
    );
    const skipped = [
      stage({ stage: "starttls", status: "skipped" }),
      stage({ stage: "tls", status: "skipped" }),
    ];
    const text = printed([...all, ...skipped], { output: { isTerminal: true } });
    expect(text).not.toContain("· Recipient accepted");
    expect(text).not.toContain("· Send the email");
  });

  it("puts below the stage what does not fit beside it, cut to a line", () => {
    const tls = stage({
      stage: "tls",
      evidence: { version: "TLSv1.3", names: ["mail.example.com"], daysLeft: 60 },
    });
    expect(printed([tls])).toContain(
      "certificate    12 ms\n      TLSv1.3 · certificate for mail.example.com · 60 days left\n",
    );
    const long = stage({ stage: "greeting", evidence: { text: "x".repeat(200) } });
    expect(printed([long])).toContain(`\n      ${"x".repeat(72)}…\n`);
    expect(printed([long], { output: { columns: Number.POSITIVE_INFINITY } })).toContain("x".repeat(200));
  });
});
