/** A way to write that Sendwright has dropped. */
export interface Habit {
  readonly pattern: RegExp;
  /** What to write, and why. */
  readonly instead: string;
}

/** Habits of any text. Code in backticks and values are cut out before. */
const habits: readonly Habit[] = [
  // The actor first.
  {
    pattern:
      /\b(?:take[sn]?|took|taking)\b(?! (?:effect|place|longer|less than|the same path|you to|too long|up to|\d|about|a (?:few|while|minute)))/i,
    instead: "accept, read or use: servers and programs do not take things",
  },
  {
    pattern: /\bwho(?:ever|m)\b/i,
    instead: "name the person: you, the server's administrator, the recipient",
  },
  {
    pattern: /\b(?:some|no|every)body\b/i,
    instead: "someone else, no one, everyone; better: name the actor",
  },
  { pattern: /\bwants?\b/i, instead: "needs, requires or expects" },
  // US is a country.
  { pattern: /\b(?:[Ww]e|us|Us|[Oo]urs?)\b/, instead: "Sendwright: the product is never we" },
  { pattern: /\bhand(?:s|ed|ing)? over\b/i, instead: "send or deliver" },
  { pattern: /\bvouch/i, instead: "say which check passed or failed" },
  // Plain verbs.
  {
    pattern: /\brefus(?:e|es|ed|al|ing)\b(?! the connection)(?!$)/i,
    instead: "reject: one word for saying no",
  },
  {
    pattern: /\bend(?:s|ed)? (?:on|at) [{\d]|\b(?:is|are|was) over\b(?! [{\d])/i,
    instead: "expires, or is resolved",
  },
  { pattern: /\bmend(?:s|ed|ing)?\b/i, instead: "fix" },
  { pattern: /\b(?:go|goes|going|went|gone) on\b/i, instead: "resume or continue" },
  { pattern: /\b(?:is|are|was|were|been|be) made\b/i, instead: "created" },
  { pattern: /\btravel/i, instead: "is sent" },
  { pattern: /\bstands? (?:there|at|for)\b/i, instead: "is" },
  { pattern: /\bto be rid\b|\bgets? rid\b/i, instead: "remove" },
  { pattern: /\btold of\b|\btells? of\b/i, instead: "reports or warns about" },
  // Plain structure.
  {
    pattern:
      /(?<!\bthere )\b(?:is|are|was|were) no\b(?! (?:longer|more))|(?:^|[.;:] )There (?:is|are|was|were) no\b/i,
    instead: "is not a …; … not found",
  },
  { pattern: /\bthere(?:'s| is| are) no such\b|\bno such\b/i, instead: "… not found" },
  { pattern: /\bso that\b/i, instead: "so, or a full stop" },
  { pattern: /\b(?:meanwhile|in the meantime)\b/i, instead: "say when" },
  { pattern: /\bby itself\b|\bof itself\b|\bof its own\b/i, instead: "automatically" },
  { pattern: /(?:^|[.;] )Of (?!course)/, instead: "begin with the noun" },
  {
    pattern: /(?:^|[.;] )What (?!to do\b|is deleted when$)[^?]*$/,
    instead: "begin with the noun that is meant",
  },
  { pattern: /\bwhat became of\b|\bwhat (?:was|is) said\b/i, instead: "delivery status; SMTP transcript" },
  { pattern: /(?:^|[.;(] )(?:empty|null)(?::| for none)/i, instead: "Null if …; Leave blank to …" },
  { pattern: /\bwhere (?:there|it|that|this|they|no|none|one)\b/i, instead: "if: where is for places" },
  {
    pattern: /\bas (?:it|they) came\b|\bof (?:one|your)(?:'s|s)? own\b|\boneself\b/i,
    instead: "built-in; your",
  },
  { pattern: /\bnot known\b|\bcame about\b|\bcame to nothing\b/i, instead: "unknown; failed" },
  // The words.
  { pattern: /(?<![-.\w])(?<!SMTP )relays?\b(?![-.]\w)/i, instead: "SMTP server" },
  { pattern: /\bfolders?\b/i, instead: "directory" },
  { pattern: /\bcontents\b/i, instead: "content" },
  { pattern: /\banswer(?:s|ed|ing)?\b/i, instead: "reply (SMTP), response or respond" },
  { pattern: /\btroubles?\b/i, instead: "alert or problem" },
  { pattern: /\bfrom address\b/i, instead: "From email or sender" },
  { pattern: /\bsign-in method\b/i, instead: "authentication method" },
  { pattern: /\bchanged? by other hands\b/i, instead: "modified outside Sendwright" },
  { pattern: /\b(?:please|simply|just)\b(?! now)/i, instead: "leave it out" },
  {
    pattern: /\b(?:the|an?|its|whose|of) (?:ids?|urls?|html|dns|smtp|json)\b/,
    instead: "ID, URL, HTML, DNS, SMTP, JSON",
  },
];

/** What a library says by default: it has no place before a user. */
const libraryText: Habit = {
  pattern:
    /\bInvalid (?:input|option|string|UUID)\b|\bexpected \w+, received\b|\bToo (?:small|big):|\bUnrecognized key/,
  instead: "the words of src/core/zod-words.ts",
};

/** British spellings, and words that Sendwright spells in one way. */
const spelling: Habit = {
  pattern:
    /\b(?:colou?rs?(?<=colours?)|behaviour\w*|favour\w*|honour\w*|neighbour\w*|labour\w*|catalogues?|dialogues?|centre[sd]?|licence\w*|defence|offence|grey|cheque|whilst|amongst|learnt|spelt|judgement|acknowledgement|fulfil|enrol|programme|artefact\w*|\w+(?:ll)(?:ed|ing)(?<=(?:travell|labell|modell|signall|channell)(?:ed|ing))|canceled|canceling|analys(?:e[sd]?|ing)|(?:author|organ|recogn|real|custom|normal|initial|minim|maxim|optim|serial|synchron|summar|apolog|categor|final|general|special|standard|prior|util|visual|emphas|central|capital|local)is(?:e[sd]?|ing|ation|ations))\b/i,
  instead: "American spelling; cancelled has two l",
};

const maxWordsOfSentence = 25;

/** The text as a reader has it, without code and quotes from elsewhere. */
function readable(text: string): string {
  return text
    .replaceAll(/`[^`]*`/g, "CODE")
    .replaceAll(/\{\{.*?\}\}|\{%.*?%\}/gs, "X")
    .replaceAll(/\{[^{}]*\}/g, "X")
    .replaceAll(/“[^”]*”/g, "QUOTE");
}

/** Its sentences. A full stop within a name or number ends none. */
function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?])\s+|\n+/).filter((sentence) => sentence !== "");
}

export function wordCount(text: string): number {
  return text.split(/\s+/).filter((word) => /[\p{L}\d]/u.test(word)).length;
}

/** Everything in a text that the guide advises against: what to do instead. */
export function faultsOf(text: string): string[] {
  const read = readable(text);
  const long = sentencesOf(read).filter((sentence) => wordCount(sentence) > maxWordsOfSentence);
  return [
    ...[...habits, libraryText, spelling].flatMap(({ pattern, instead }) => {
      const match = pattern.exec(read)?.[0].trim();
      return match === undefined ? [] : [`“${match}” → ${instead}`];
    }),
    ...long.map((sentence) => `${wordCount(sentence)} words in a sentence → at most ${maxWordsOfSentence}`),
  ];
}
