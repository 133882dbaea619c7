export const oauthFailed = "Can't connect";
export const passwordMissing = "Enter the password again.";
export const save = "Save Settings";
export const unsaved = "Unsaved changes";
export const discard = "Discard changes";
export const checkFields = (count: number) =>
  count === 1 ? "1 field needs your attention." : `${count} fields need your attention.`;
export const takeOver = "Turn off the sandbox config";
export const takeOverHint = "Emails then go to their recipients through this server.";
export const testAndSave = "Test and save";
export const saveUntested = "Save without testing";
export const goesOn =
  "Sendwright keeps sending with the current settings until the new ones pass their test.";
export const keptShort = "Draft saved";
export const conflict = "Someone else saved this config while you were editing.";
export const conflictRemedy = "Load the current values, then make your changes again.";
export const managedTitle = "The server's environment sets this config.";
export const managedRemedy =
  "Sendwright uses it before all others. To change it, set the SENDWRIGHT_SMTP_ variables and restart Sendwright.";
