export const done = "Done";
export const chooseTitle = "Choose an SMTP server";
export const chooseSandbox = "Built-in sandbox";
export const chooseSandboxHint = "Captures every email so you can view it here. Nothing leaves this machine.";
export const chooseUseSandbox = "Use the sandbox";
export const chooseSandboxName = "Sandbox";
export const chooseSandboxSender = "sendwright@example.com";
export const chooseRelay = "Your SMTP server";
export const chooseRelayHint =
  "Gmail, SendGrid, Amazon SES or any other SMTP server. Enter your email address to find its settings. You'll also need the password.";
export const chooseEnterRelay = "Or enter the settings yourself";
export const testTitle = "Test the connection";
export const testHint = (name: string) => `Tests ${name} step by step without sending an email.`;
export const testChange = "Change settings";
export const testDone = "Passed";
export const testFailed = "Last test failed";
export const sendTitle = "Send the first email";
export const sendHint = (to: string) =>
  `Sends a short greeting to ${to}, the same way as your application's emails.`;
export const sendHintSandbox = (to: string) =>
  `Sends a short greeting to ${to}. The sandbox captures it for you.`;
export const sendNobody = "you@example.com";
export const sendSubject = "Your first email from Sendwright";
export const sendText =
  "Hello!\n\nThis email took the same path as every email from your application. Sendwright stored it, sent it to the SMTP server and recorded the result in the log.\n";
export const sendIt = "Send email";
export const sendUnderWay = "Sendwright is sending it.";
export const sendArrived = "The sandbox captured it.";
export const sendHandedOver = "The SMTP server accepted it. Check your inbox.";
export const sendSeeSandbox = "View in sandbox";
export const sendSeeEmail = "View delivery status";
export const sendToOverview = "Go to overview";
