export const title = "API";
export const lead = "Every route of the API, generated from the schemas that validate requests.";
export const download = "openapi.json";
export const authentication = "Every request needs an API key:";
export const parameters = "Parameters";
export const body = "Body";
export const answer = "Response";
export const example = "Example";
export const filter = "Find a route";
export const groups = {
  emails: "Emails",
  templates: "Templates",
  "smtp-configs": "SMTP configs",
  providers: "Providers",
  sandbox: "Sandbox",
  settings: "Settings",
  "api-keys": "API keys",
  "audit-log": "Audit log",
};
export const otherGroup = "Session, health and metrics";
export const none = "No routes match.";
