export const title = "Audit log";
export const lead = "Who changed what, newest first. Passwords and keys are never in it.";
export const pages = "Older and newer entries";
export const emptyTitle = "Nothing was changed yet";
export const empty = "Every change of settings, keys and emails is written down here.";
export const columnAction = "What";
export const columnDetail = "Detail";
export const columnActor = "Who";
export const columnAt = "When";
export const actions = {
  "admin.created": "Admin added",
  "admin.password_reset": "Password reset",
  "admin.reset_requested": "New password asked for",
  "api_key.created": "API key created",
  "api_key.deleted": "API key revoked",
  "email.cancelled": "Email cancelled",
  "email.resent": "Email resent",
  "email.retried": "Email retried",
  "secret.rotated": "Secret rotated",
  "settings.updated": "Settings changed",
  "alert.acknowledged": "Alert acknowledged",
  "alert.cleared": "Alert resolved",
  "alert.raised": "Alert raised",
  "smtp_config.checked": "SMTP config checked",
  "smtp_config.arranged": "SMTP configs put in order",
  "smtp_config.created": "SMTP config added",
  "smtp_config.deleted": "SMTP config deleted",
  "smtp_config.disabled": "SMTP config switched off",
  "smtp_config.discovered": "Settings looked for",
  "smtp_config.draft_activated": "SMTP config changed by its draft",
  "smtp_config.draft_discarded": "Draft of an SMTP config discarded",
  "smtp_config.draft_saved": "Draft of an SMTP config saved",
  "smtp_config.enabled": "SMTP config switched on",
  "smtp_config.restored": "Earlier version of an SMTP config restored",
  "smtp_config.resumed": "SMTP config used again",
  "smtp_config.returned": "SMTP config returned to its version before",
  "smtp_config.tested": "Connection tested",
  "smtp_config.updated": "SMTP config changed",
};
