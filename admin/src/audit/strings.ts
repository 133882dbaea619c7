export const title = "Audit log";
export const lead = "Who changed what, newest first. Passwords and keys are never logged.";
export const pages = "Older and newer entries";
export const emptyTitle = "No entries yet";
export const empty = "Sendwright records every change to settings, keys and emails here.";
export const columnAction = "Action";
export const columnDetail = "Details";
export const columnActor = "Changed by";
export const columnAt = "Time";
export const actions = {
  "admin.created": "Admin created",
  "admin.password_reset": "Password reset",
  "admin.reset_requested": "Password reset requested",
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
  "smtp_config.arranged": "SMTP configs reordered",
  "smtp_config.created": "SMTP config created",
  "smtp_config.deleted": "SMTP config deleted",
  "smtp_config.disabled": "SMTP config turned off",
  "smtp_config.discovered": "SMTP settings searched",
  "smtp_config.draft_activated": "SMTP config draft activated",
  "smtp_config.draft_discarded": "SMTP config draft discarded",
  "smtp_config.draft_saved": "SMTP config draft saved",
  "smtp_config.enabled": "SMTP config turned on",
  "smtp_config.restored": "SMTP config version restored",
  "smtp_config.resumed": "SMTP config resumed",
  "smtp_config.returned": "Previous SMTP config version restored",
  "smtp_config.tested": "Connection tested",
  "smtp_config.updated": "SMTP config changed",
  "template.created": "Template created",
  "template.updated": "Template changed",
  "template.restored": "Template version restored",
  "template.reset": "Template reset to built-in",
  "template.deleted": "Template deleted",
  "template_part.created": "Template part created",
  "template_part.updated": "Template part changed",
  "template_part.restored": "Template part version restored",
  "template_part.reset": "Template part reset to built-in",
  "template_part.deleted": "Template part deleted",
};
