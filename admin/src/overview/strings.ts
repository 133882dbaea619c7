export const title = "Overview";
export const mailStatus = "Mail status";
export const levels = { good: "Working", warn: "Needs attention", bad: "Not working", none: "Not set up" };
export const lastSent = "Last sent";
export const nothingSent = "No emails sent yet";
export const queueNothing = "Queue is empty";
export const queueDue = (count: number) => `${count.toLocaleString("en")} queued`;
export const queueOldest = (age: string) => `oldest ${age}`;
export const queueSending = (count: number) => `${count.toLocaleString("en")} sending`;
export const queueScheduled = (count: number) => `${count.toLocaleString("en")} scheduled`;
export const longest = "Oldest in queue:";
export const acceptedAt = ", created";
export const toSettings = "SMTP settings";
export const issues = "Needs attention";
export const issueKinds = {
  change_failed: "Change failed",
  problem: "Can't be used",
  paused: "Paused",
  tried: "Retrying",
  node_fault: "This node only",
  limit: "Limit reached",
  alert: "Alert",
  test_failed: "Test failed",
  expiring: "Expires soon",
};
export const hours = "Last 24 hours";
export const days = "Last 30 days";
export const latest = "Latest emails";
export const allEmails = "All emails";
export const welcomeTitle = "Welcome";
export const welcomeLead = "Send your first email in three steps. It takes less than a minute.";
