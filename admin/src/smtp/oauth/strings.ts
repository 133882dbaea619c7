export const passwordInstead = "Use a password instead";
export const providers = { google: "Google", microsoft: "Microsoft", custom: "Another provider" };
export const fields = {
  provider: "OAuth provider",
  tenant: "Tenant",
  clientId: "Client ID",
  clientSecret: "Client secret",
  clientSecretExpiresAt: "Secret expiry",
  authorizationEndpoint: "Authorization endpoint",
  tokenEndpoint: "Token endpoint",
  scope: "Scopes",
};
export const redirectUri = "Redirect URI";
export const hintTenant = "The directory's ID or domain. Leave blank to allow any directory.";
export const hintClientSecret = "The secret's value, not its ID. Leave blank if the client has none.";
export const hintClientSecretExpiresAt =
  "Sendwright warns you a week before. Leave blank if it doesn't expire.";
export const hintScope = "Separate with spaces. Include the scope for offline access.";
export const hintRedirectUri = (name: string) => `Register exactly this URI for your client at ${name}.`;
export const hintConnect = (name: string) =>
  `Saves these settings, takes you to ${name} and brings you back.`;
export const connect = (name: string) => `Connect with ${name}`;
export const connectAgain = (name: string) => `Connect with ${name} again`;
export const saveClient = "Save client";
export const connected = (name: string, username: string) => `Connected with ${name} for ${username}`;
export const over = (name: string, username: string) => `No longer connected with ${name} for ${username}`;
export const by = (admin: string) => `by ${admin}`;
export const ends = "expires";
export const disconnect = "Disconnect";
export const disconnectTitle = (name: string) => `Disconnect from ${name}?`;
export const disconnectBody =
  "Sendwright deletes the client, its secret and its tokens. Until you connect again, emails stay queued or go through the other configs.";
export const outcomes = {
  connected: { title: "Connected", body: "Run Test Connection to check that it works." },
  invalid: {
    title: "Can't connect",
    body: "The request expired, was already used or was started by another admin. Connect again.",
  },
  "signed-out": {
    title: "You were signed out",
    body: "Sendwright isn't connected. Connect again.",
  },
};
