/** A provider whose mailboxes applications can't send through. */
export interface ProviderWithoutSmtp {
  readonly id: string;
  readonly name: string;
  readonly mailDomains: readonly string[];
  readonly mxSuffixes: readonly string[];
}

/** These providers send only from their own programs. */
export const withoutSmtp: readonly ProviderWithoutSmtp[] = [
  {
    id: "hey",
    name: "HEY",
    mailDomains: ["hey.com"],
    mxSuffixes: ["hey.com"],
  },
  {
    id: "tuta",
    name: "Tuta",
    mailDomains: ["tuta.com", "tutanota.com", "tutanota.de", "tutamail.com", "tuta.io", "keemail.me"],
    mxSuffixes: ["tutanota.de"],
  },
];
