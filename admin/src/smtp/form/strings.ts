export const on = "on";
export const off = "off";
export const server = "Server";
export const signIn = "Authentication";
export const sender = "Sender";
export const advanced = "Advanced";
export const advancedHint = "Name, senders, limits, archive copy, authentication, certificates";
export const hintUseTls = "Sendwright won't send without TLS and a valid certificate.";
export const hintUseTlsOff =
  "Sends emails and the password unencrypted. Use only for a server on this machine.";
export const hintUsername =
  "Often your full email address. Leave blank if the server needs no authentication.";
export const usernameInvisible =
  "The username contains an invisible character. Type it, or paste it as plain text.";
export const passwordInvisible =
  "The password contains an invisible character, or starts or ends with a space. Type it, or paste it as plain text.";
export const hintFromEmail = "The address recipients see. Your provider must allow it.";
export const hintFromName = "For example your product's name.";
export const hintName = "Shown in lists and logs. Defaults to the server name.";
export const hintReplyTo = "Where replies go. Defaults to the From email.";
export const hintEhloName = "The host name sent with EHLO. Leave blank to choose automatically.";
export const hintCaPem =
  "Only for a server whose certificate comes from your own authority. Defaults to the public authorities.";
export const hintAllowCleartextAuth = "Sends the password unencrypted. Use only on a network you trust.";
export const hintMaxConnections =
  "Each connection sends one email at a time. Defaults to 5, which works for most providers.";
export const hintMaxPerSecond = "Your provider may call this the sending rate. Faster emails stay queued.";
export const limits = "Limits";
export const hintLimits =
  "Once a limit per minute, hour or day is reached, the next config sends. Leave blank for no limit.";
export const limitsSource = (name: string) => `Limits of ${name}`;
export const noLimit = "no limit";
export const none = "none";
export const hintSenders =
  "Other addresses this account may send from, one per line. Enter @example.com for a whole domain.";
export const hintBcc = "Gets a blind copy of every email sent with this config. Leave blank for none.";
export const tlsModeHints = {
  auto: (port: string) =>
    port === "465"
      ? "Port 465: encrypted from the first byte."
      : "This port: starts unencrypted, then upgrades with STARTTLS.",
  starttls: () => "Starts unencrypted and upgrades to TLS before it sends anything private.",
  implicit: () => "Encrypted from the first byte. Common on port 465.",
};
export const authMethods = {
  auto: "Automatic",
  plain: "PLAIN",
  login: "LOGIN",
  xoauth2: "XOAUTH2 (password is a token)",
  oauth: "Google or Microsoft (OAuth)",
};
export const oauthInstead = (name: string) => `Connect with ${name} instead of a password`;
export const passwordRemove = "Remove";
export const passwordKeep = "Keep saved password";
export const passwordReplacing = "Replaces the saved password when you save.";
export const passwordRemoving = "Removes the saved password when you save.";
export const passwordRequired =
  "Enter the password again. Sendwright sends a saved password only to the server and username it was saved for.";
export const passwordRepair = "Enter the password again. The saved one can't be used.";
export const passwordNeedsUsername = "Enter a username first.";
export const providerTitle = "Provider";
export const providerHelp = (name: string) => `Where to find these: ${name} help`;
