export const failingSince = (name: string) => `Sending has failed since ${name} changed this config`;
export const failingMeaning =
  "No email has been sent with these settings yet. Restore the previous version? This change stays in the history.";
export const failingRollBack = "Restore previous version";
export const failingRollBackNamed = (name: string) => `Restore previous version of ${name}`;
export const title = "History";
export const current = "Current";
export const by = (name: string) => `by ${name}`;
export const tested = "Test passed";
export const testFailed = "Test failed";
export const untested = "Not tested";
export const oldest = "Oldest saved version";
export const nothing = "No changes";
export const changed = "changed";
export const becomes = "changed to";
export const all = (count: number) => `Show all ${count} versions`;
export const rollBack = "Restore version";
export const rollBackNamed = (version: number) => `Restore version ${version}`;
export const rollBackTitle = (version: number) => `Restore version ${version}?`;
export const rollBackBody =
  "Sendwright uses it for the next email, with the password saved with it. The current settings stay in the history.";
export const unusable =
  "This version can't be restored. Its password can't be read, or it was changed outside Sendwright.";
export const version = (version: number) => `Version ${version}`;
export const rollbackLabel = "Restore the previous version automatically when a change fails";
export const rollbackHint =
  "If a changed config fails before it sends an email, Sendwright restores its previous version and shows that here. Applies to all SMTP configs.";
