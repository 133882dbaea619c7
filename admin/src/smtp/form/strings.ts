export const on = "on";
export const off = "off";
export const server = "Server";
export const signIn = "Sign-in";
export const sender = "Sender";
export const advanced = "Advanced";
export const advancedHint = "Name, other senders, limits, archive copy, certificates, sign-in method";
export const hintUseTls = "Required: without encryption nothing is sent. The certificate is checked.";
export const hintUseTlsOff =
  "Emails and the password can be read on the way. Only for a server on this machine.";
export const hintUsername = "Often your full email address. Leave empty if the server wants no sign-in.";
export const usernameInvisible =
  "The username has an invisible character. Type it, or paste it as plain text.";
export const passwordInvisible =
  "The password has an invisible character, or a space at one end. Type it, or paste it as plain text.";
export const hintFromEmail = "What recipients see. Your provider must allow it.";
export const hintFromName = "For example the name of your product.";
export const hintName = "To tell several apart. Empty: the server's name.";
export const hintReplyTo = "Answers go here. Empty: to the from email.";
export const hintEhloName = "How Sendwright introduces itself. Empty: chosen by itself.";
export const hintCaPem =
  "Only for a server with a certificate of your own authority. Empty: the public authorities.";
export const hintAllowCleartextAuth =
  "The password would travel readable. Leave this off unless the network is yours.";
export const hintMaxConnections = "Each hands over one email at a time. Five suit most providers.";
export const hintMaxPerSecond = "Emails wait for it. Your provider may name one as its sending rate.";
export const limits = "Limits";
export const hintLimits =
  "While a limit per minute, hour or day is reached, the next config sends. Leave blank for no limit.";
export const limitsSource = (name: string) => `Limits of ${name}`;
export const noLimit = "no limit";
export const none = "none";
export const hintSenders =
  "Addresses, and @example.com for a whole domain, that this account may send from too. One on each line.";
export const hintBcc = "Gets a blind copy of each email that goes through this config. Leave blank for none.";
export const tlsModeHints = {
  auto: (port: string) =>
    port === "465" ? "On port 465: TLS from the first byte." : "On this port: plain at first, then STARTTLS.",
  starttls: () => "The connection starts plain and is upgraded before anything private is said.",
  implicit: () => "Encrypted from the first byte. Usual on port 465.",
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
export const passwordKeep = "Keep the saved one";
export const passwordReplacing = "Replaces the saved password when you save.";
export const passwordRemoving = "The saved password will be removed when you save.";
export const passwordRequired =
  "Enter it again: it was saved for another server or sign-in, and Sendwright sends a password only where it was saved for.";
export const passwordRepair = "Enter it again: the saved one cannot be used.";
export const passwordNeedsUsername = "Enter a username first.";
export const providerTitle = "Provider";
export const providerHelp = (name: string) => `Where to find these: ${name} help`;
