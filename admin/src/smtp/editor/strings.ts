export const oauthFailed = "It was not connected";
export const passwordMissing = "Enter the password again.";
export const save = "Save Settings";
export const unsaved = "Unsaved changes";
export const discard = "Discard changes";
export const checkFields = (count: number) =>
  count === 1 ? "One field needs your attention." : `${count} fields need your attention.`;
export const takeOver = "Turn off the sandbox config";
export const takeOverHint = "From then on, emails reach their recipients through this server.";
export const testAndSave = "Test and save";
export const saveUntested = "Save without a test";
export const goesOn = "The current settings go on sending until the new ones have passed.";
export const keptShort = "Kept as a draft";
export const conflict = "Somebody else saved this config while you were editing.";
export const conflictRemedy = "Load the current values, then make your change again.";
export const managedTitle = "This config is set by the environment of the server.";
export const managedRemedy =
  "It is tried before all others and cannot be changed here: change the SENDWRIGHT_SMTP_ variables and restart Sendwright.";
