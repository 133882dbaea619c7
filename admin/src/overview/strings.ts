export const title = "Overview";
export const mailStatus = "Is mail working?";
export const levels = { good: "Working", warn: "Needs a look", bad: "Not working", none: "Not set up" };
export const lastSent = "Last sent";
export const nothingSent = "Nothing was sent yet";
export const queueNothing = "Nothing waits";
export const queueDue = (count: number) => `${count.toLocaleString("en")} waiting`;
export const queueOldest = (age: string) => `oldest ${age}`;
export const queueSending = (count: number) => `${count.toLocaleString("en")} being sent`;
export const queueScheduled = (count: number) => `${count.toLocaleString("en")} scheduled`;
export const longest = "Waiting longest:";
export const acceptedAt = ", accepted";
export const toSettings = "SMTP settings";
export const issues = "Needs your attention";
export const issueKinds = {
  change_failed: "Change failed",
  problem: "Cannot be used",
  paused: "Paused",
  tried: "Being tried",
  node_fault: "This node only",
  limit: "Limit reached",
  alert: "Found by a check",
  test_failed: "Test failed",
  expiring: "Ends soon",
};
export const hours = "Last 24 hours";
export const days = "Last 30 days";
export const latest = "Latest emails";
export const allEmails = "All emails";
export const welcomeTitle = "Welcome";
export const welcomeLead = "Three steps to your first email. It takes less than a minute.";
