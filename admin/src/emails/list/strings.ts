export const lead = "Everything your application handed over, newest first.";
export const search = "Search subject or recipient";
export const filter = "State";
export const anyState = "All";
export const columnState = "State";
export const columnSubject = "Subject";
export const columnTo = "To";
export const columnCreated = "Accepted";
export const more = (count: number) => `+${count}`;
export const pages = "Older and newer emails";
export const live = "Live";
export const nothingFound = "Nothing matches";
export const nothingFoundBody =
  "No email matches all filters. Words must match the subject or an address, and a tag as a whole.";
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
export const clearFilter = "Show all";
export const retryButton = "Try all again";
export const retryTitle = "Try all again?";
export const retryCounting = "Counting …";
export const retryHowMany = (count: number, isCapped: boolean) =>
  isCapped
    ? `There are more than ${count.toLocaleString("en")} emails in this list.`
    : count === 0
      ? "There is none left in this list."
      : count === 1
        ? "There is 1 email in this list."
        : `There are ${count.toLocaleString("en")} emails in this list.`;
export const retryMeaning =
  "Each is queued again for the recipients that did not get it. Those whose contents are deleted are left out.";
export const retryTwice = "The relay may have taken them already. Recipients may get them twice.";
export const retryRunning = "Trying again";
export const retryStop = "Stop";
export const retryGoOn = "Go on";
export const retryStopped = "Stopped";
export const retryDone = "Done";
export const retryRetried = (count: number, total: number | null) =>
  total === null
    ? `${count.toLocaleString("en")} queued again`
    : `${count.toLocaleString("en")} of ${total.toLocaleString("en")} queued again`;
export const retrySkipped = (count: number) =>
  count === 1
    ? "1 left out: its contents are deleted, its state has changed, or it is a test email."
    : `${count.toLocaleString("en")} left out: their contents are deleted, their state has changed, or they are test emails.`;
