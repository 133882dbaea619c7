export const failingSince = (name: string) => `Sending fails since the change by ${name}`;
export const failingMeaning =
  "No email was taken through these settings yet. Return to the version before? The change stays in the history.";
export const failingRollBack = "Return to the version before";
export const failingRollBackNamed = (name: string) => `Return to the version before: ${name}`;
export const title = "History";
export const current = "Current";
export const by = (name: string) => `by ${name}`;
export const tested = "Its test passed";
export const testFailed = "Its test failed";
export const untested = "Not tested";
export const oldest = "The oldest that is kept";
export const nothing = "Nothing was changed";
export const changed = "changed";
export const becomes = "is now";
export const all = (count: number) => `Show all ${count} versions`;
export const rollBack = "Return to this version";
export const rollBackNamed = (version: number) => `Return to this version: ${version}`;
export const rollBackTitle = (version: number) => `Return to version ${version}?`;
export const rollBackBody =
  "It is used for the next email, with the password that was saved with it. The current settings stay in the history.";
export const unusable =
  "It cannot be returned to: its password cannot be read, or it was changed outside of Sendwright.";
export const version = (version: number) => `Version ${version}`;
export const rollbackLabel = "Return by itself when a change fails";
export const rollbackHint =
  "If a changed config fails before an email was taken through it, Sendwright returns to its version before, and says so here. It holds for all SMTP configs.";
