export const savedUntested = "Saved untested";
export const savedFailed = "Saved, test failed";
export const kept = "Draft saved. Sendwright keeps sending with the current settings.";
export const draftBy = (name: string) => `${name} saved a draft`;
export const notTested = "The draft hasn't been tested.";
export const passed = "The draft passed its test";
export const failed = "The draft failed its test";
export const outdated = (name: string) =>
  `${name} saved this config after the draft was created. Review the draft and test it again, or discard it.`;
export const replaces = "Saving your current changes replaces this draft.";
export const continueEditing = "Continue editing";
export const activate = "Activate draft";
export const activateAnyway = "Activate anyway";
export const activateTitle = "Activate settings that haven't passed a test?";
export const activateFailed =
  "The test failed, so emails will probably fail or stay queued. The current settings stay in the history.";
export const activateUntested =
  "These settings haven't been tested, so the next email may fail. The current settings stay in the history.";
export const discard = "Discard draft";
