export const lead = "All emails from your application, newest first.";
export const search = "Search subject or recipient";
export const filter = "State";
export const anyState = "All";
export const columnState = "State";
export const columnSubject = "Subject";
export const columnTo = "To";
export const columnCreated = "Created";
export const more = (count: number) => `+${count}`;
export const pages = "Older and newer emails";
export const live = "Live";
export const nothingFound = "No emails match";
export const nothingFoundBody =
  "Search covers subjects and recipient addresses. Filters must all match, and a tag must match exactly.";
export const filters = (count: number) => (count === 0 ? "Filters" : `Filters (${count})`);
export const moreFilters = "More filters";
export const anyValue = "All";
export const createdFrom = "From (UTC)";
export const createdTo = "To (UTC)";
export const config = "SMTP config";
export const template = "Template";
export const tag = "Tag";
export const caller = "Sent by";
export const callerKey = (name: string) => `API key ${name}`;
export const callerLibrary = "Your application";
export const callerSystem = "Sendwright";
export const exportButton = "Export CSV";
export const clearFilter = "Show all emails";
export const retryButton = "Retry all";
export const retryTitle = "Retry all emails in this list?";
export const retryCounting = "Counting…";
export const retryHowMany = (count: number, isCapped: boolean) =>
  isCapped
    ? `This list has more than ${count.toLocaleString("en")} emails.`
    : count === 0
      ? "This list has no emails left."
      : count === 1
        ? "This list has 1 email."
        : `This list has ${count.toLocaleString("en")} emails.`;
export const retryMeaning =
  "Sendwright queues each email again for the recipients who didn't get it. It skips emails whose content was deleted.";
export const retryTwice = "The SMTP server may have accepted them already. Recipients may get them twice.";
export const retryRunning = "Retrying emails";
export const retryStop = "Stop";
export const retryGoOn = "Resume";
export const retryStopped = "Stopped";
export const retryDone = "Done";
export const retryRetried = (count: number, total: number | null) =>
  total === null
    ? `${count.toLocaleString("en")} queued again`
    : `${count.toLocaleString("en")} of ${total.toLocaleString("en")} queued again`;
export const retrySkipped = (count: number) =>
  count === 1
    ? "1 skipped: its content was deleted, its state changed, or it's a test email."
    : `${count.toLocaleString("en")} skipped: their content was deleted, their state changed, or they're test emails.`;
