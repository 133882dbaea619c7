import { rules } from "../../src/diagnosis/explain.ts";
import type { ExplanationRule } from "../../src/diagnosis/explanations/rule.ts";
import { anchor, code, type Page, page, table } from "./markdown.ts";

/** What a code begins with, and the heading for it. Others come last. */
const groups: readonly (readonly [heading: string, beginnings: readonly string[]])[] = [
  ["Finding and reaching the server", ["dns", "resolve", "connect", "egress", "greeting", "ehlo"]],
  ["Encryption and certificates", ["tls", "certificate", "starttls"]],
  ["Username, password and OAuth", ["auth", "oauth"]],
  ["Sender", ["sender"]],
  ["Recipients", ["recipient"]],
  ["Content", ["message", "content"]],
  ["Accounts and limits", ["account", "limit", "quota", "rate"]],
];

interface Entry {
  readonly rule: ExplanationRule;
  readonly heading: string;
  /** With the number that GitHub adds to the anchors of equal headings. */
  readonly anchor: string;
}

export function replyPage(): Page {
  const others = "The server's answers and other faults";
  const headings = [...groups.map(([heading]) => heading), others];
  const byGroup = Map.groupBy(rules, ({ code: name }) => groupOf(name) ?? others);
  const seen = new Map<string, number>([
    ["find-a-reply", 1],
    ...headings.map((text) => [anchor(text), 1] as const),
  ]);
  const sections = headings.map((heading) => ({
    heading,
    entries: (byGroup.get(heading) ?? []).map((rule): Entry => {
      const title = marked(rule.title);
      const plain = anchor(title);
      const before = seen.get(plain) ?? 0;
      seen.set(plain, before + 1);
      return { rule, heading: title, anchor: before === 0 ? plain : `${plain}-${before}` };
    }),
  }));
  return page("fix/smtp-replies.md", "src/diagnosis/explanations/", "What an SMTP reply means", [
    "You find what a server's reply means and what to do. Search this page for the words of the reply, or choose its number. _Words like this_ stand for your own values. Test Connection and the log pick the right explanation for you, with your values: run [`sendwright test`](test-and-doctor.md).",
    "## Find a reply",
    table(["Reply", "May mean"], repliesOf(sections.flatMap(({ entries }) => entries))),
    ...sections
      .filter(({ entries }) => entries.length > 0)
      .flatMap(({ heading, entries }) => [`## ${heading}`, ...entries.flatMap(entryText)]),
    "Next: if none of this fits, [report a bug](report-a-bug.md).",
  ]);
}

function groupOf(name: string): string | undefined {
  const [beginning = ""] = name.split(".");
  return groups.find(([, beginnings]) => beginnings.includes(beginning))?.[0];
}

function entryText({ rule, heading }: Entry): string[] {
  const { pin, remedy } = rule;
  const remedies =
    pin === undefined
      ? [`**What to do:** ${marked(remedy)}`]
      : [
          `**What to do if the certificate only lacks trust:** ${marked(pin.helps)}`,
          `**Otherwise:** ${marked(pin.isNotEnough)}`,
        ];
  return [
    `### ${heading}`,
    `${marked(rule.explanation)}`,
    ...remedies,
    `${code(rule.code)} · Source: ${rule.source.replaceAll("<", "&lt;")}`,
  ];
}

/** `{host}` as _host_. */
function marked(text: string): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string, at: number) => {
    const word = words[name] ?? name;
    // A sentence begins with it.
    const isFirst = at === 0 || /[.:!?] $/.test(text.slice(0, at));
    return `_${isFirst ? word.charAt(0).toUpperCase() + word.slice(1) : word}_`;
  });
}

const words: Readonly<Record<string, string>> = {
  host: "the server",
  port: "N",
  said: "its reply",
  doing: "this step",
  to: "the recipient",
  from: "the from email",
  username: "the username",
  systemCode: "the system's code",
  mechanisms: "the methods it offers",
  message: "The error",
  issuer: "the issuer",
  validFrom: "its first day",
  validTo: "its last day",
  tokenRefusal: "its reason",
  pinSubject: "the owner",
  pinValidTo: "its last day",
  pinFingerprint: "the fingerprint",
  names: "its names",
  fingerprint: "the fingerprint",
  faults: "What is wrong.",
};

/** Each reply code with the entries that name it, in their condition or in what servers were seen to say. */
function repliesOf(entries: readonly Entry[]): string[][] {
  const byCode = new Map<string, Set<Entry>>();
  for (const entry of entries) {
    const { when, source } = entry.rule;
    const said = [...source.matchAll(/[“"](\d{3})(?=[ -])/g)].map(([, number = ""]) => number);
    for (const number of [...said, ...(when.reply ?? []).filter((reply) => reply > 99).map(String)]) {
      byCode.set(number, (byCode.get(number) ?? new Set()).add(entry));
    }
  }
  return [...byCode]
    .toSorted(([one], [two]) => one.localeCompare(two))
    .map(([number, found]) => [
      code(number),
      [...found].map((entry) => `[${entry.heading}](#${entry.anchor})`).join(" · "),
    ]);
}
