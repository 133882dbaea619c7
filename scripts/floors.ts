/** A room: a folder of `src/`, or a file that stands alone in it. */
export interface Room {
  readonly name: string;
  /** What it is for, in a few words; it stands in the picture of the rooms. */
  readonly what: string;
}

const room = (name: string, what: string): Room => ({ name, what });

/** From the ground up. A room imports from lower floors only; rooms on one floor do not import each other. */
export const floors: readonly (readonly Room[])[] = [
  [room("core", "errors, model, clock, ids, parsing, options, logs, metrics, lifecycle")],
  [
    room("secret", "Fernet, keys, seals"),
    room("message", "MIME, addresses"),
    room("net", "dialing out, DNS"),
    room("store", "engine, tables"),
    room("sandbox", "relay that keeps mail"),
    room("testing", "published test parts"),
  ],
  [
    room("smtp", "SMTP client and pool"),
    room("providers", "catalog of providers"),
    room("templates", "engine, built-in, library"),
  ],
  [room("smtp-configs", "settings, passwords, versions, OAuth")],
  [room("guard", "who may get mail")],
  [
    room("emails", "accept, compose, log, retry"),
    room("discovery", "settings for an address"),
    room("sender-dns", "SPF, DKIM, DMARC, MX"),
    room("webhooks", "signed events"),
  ],
  [
    room("delivery", "claim, send, retry"),
    room("diagnosis", "test and explain"),
    room("accounts", "people, keys, sign-in"),
    room("maintenance", "retention, key rotation"),
  ],
  [room("monitoring", "scheduled checks, alerts, status")],
  [room("settings.ts", "settings of the installation, read and changed together")],
  [room("services.ts", "builds the parts and joins them: read this first")],
  [room("http", "routes, problems, OpenAPI, pages")],
  [room("library.ts", "createSendwright()"), room("cli", "start, test, doctor, rotate, templates")],
  [room("index.ts", "what the package exports")],
];
