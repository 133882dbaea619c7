export const passwordInstead = "Use a password instead";
export const providers = { google: "Google", microsoft: "Microsoft", custom: "Another provider" };
export const fields = {
  provider: "Who gives the consent",
  tenant: "Tenant",
  clientId: "Client id",
  clientSecret: "Client secret",
  clientSecretExpiresAt: "The secret ends on",
  authorizationEndpoint: "Authorization endpoint",
  tokenEndpoint: "Token endpoint",
  scope: "Scopes",
};
export const redirectUri = "Redirect URI";
export const hintTenant = "The directory's id or domain. Empty: accounts of any.";
export const hintClientSecret = "Its value, not its id. Empty for a client without one.";
export const hintClientSecretExpiresAt = "You are told a week before. Empty: no end.";
export const hintScope = "With the one for offline access, separated by blanks.";
export const hintRedirectUri = (name: string) => `Register exactly this with your client at ${name}.`;
export const hintConnect = (name: string) => `Saves these settings and takes you to ${name} and back.`;
export const connect = (name: string) => `Connect with ${name}`;
export const connectAgain = (name: string) => `Connect with ${name} again`;
export const saveClient = "Save the client";
export const connected = (name: string, username: string) => `Connected with ${name} for ${username}`;
export const over = (name: string, username: string) => `No longer connected with ${name} for ${username}`;
export const by = (admin: string) => `by ${admin}`;
export const ends = "ends";
export const disconnect = "Disconnect";
export const disconnectTitle = (name: string) => `Disconnect from ${name}?`;
export const disconnectBody =
  "Client, secret and tokens are forgotten. Emails wait, or go through the other configs, until it is connected again.";
export const outcomes = {
  connected: { title: "Connected.", body: "Test Connection shows that it works." },
  invalid: {
    title: "That consent could not be taken.",
    body: "It was asked for more than ten minutes ago, by somebody else, or used already. Connect again.",
  },
  "signed-out": {
    title: "You were signed out meanwhile.",
    body: "Nothing was connected. Connect again.",
  },
};
