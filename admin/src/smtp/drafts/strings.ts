export const savedUntested = "Saved untested";
export const savedFailed = "Saved, although its test failed";
export const kept = "Your changes are kept as a draft. The settings that work go on sending.";
export const draftBy = (name: string) => `There is a draft of changes by ${name}, made`;
export const notTested = "It was not tested.";
export const passed = "It passed its test";
export const failed = "It failed its test";
export const outdated = (name: string) =>
  `The config was saved by ${name} since the draft was made: go through the draft again and test it, or discard it.`;
export const replaces = "Saving what you have changed now takes its place.";
export const continueEditing = "Continue editing";
export const activate = "Use it";
export const activateAnyway = "Use them anyway";
export const activateTitle = "Use settings that have not passed?";
export const activateFailed =
  "Their test failed: emails will probably fail or wait. The settings that work are kept in the history.";
export const activateUntested =
  "They were not tested: whether they work shows with the next email. The settings that work are kept in the history.";
export const discard = "Discard the draft";
