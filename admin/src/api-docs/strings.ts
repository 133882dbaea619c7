export const title = "API";
export const lead = "Every route, made from the same schemas that check requests.";
export const download = "openapi.json";
export const authentication = "Every request carries a key:";
export const parameters = "Parameters";
export const body = "Body";
export const answer = "Answer";
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
export const none = "No route matches.";
