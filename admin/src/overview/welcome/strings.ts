export const done = "Done";
export const chooseTitle = "Choose where emails go";
export const chooseSandbox = "The built-in sandbox";
export const chooseSandboxHint =
  "Catches every email here and lets you look at it. Nothing leaves this machine.";
export const chooseUseSandbox = "Use the sandbox";
export const chooseSandboxName = "Sandbox";
export const chooseSandboxSender = "sendwright@example.com";
export const chooseRelay = "Your mail server";
export const chooseRelayHint =
  "Gmail, SendGrid, Amazon SES or any other SMTP server. Your email address is enough to find the settings; have the password at hand.";
export const chooseEnterRelay = "Or enter a server by hand";
export const testTitle = "Test the connection";
export const testHint = (name: string) => `Tries ${name} step by step, without sending an email.`;
export const testChange = "Change its settings";
export const testDone = "It works";
export const testFailed = "The last test failed";
export const sendTitle = "Send the first email";
export const sendHint = (to: string) => `A short greeting to ${to}, over the same way as every email.`;
export const sendHintSandbox = (to: string) => `A short greeting to ${to}. The sandbox keeps it for you.`;
export const sendNobody = "you@example.com";
export const sendSubject = "Your first email from Sendwright";
export const sendText =
  "Hello!\n\nThis email went the way that all emails of your application will go: it was stored first, then handed to the relay, and what happened is in the log.\n";
export const sendIt = "Send it";
export const sendUnderWay = "It is stored, and on its way.";
export const sendArrived = "It has arrived in the sandbox.";
export const sendHandedOver = "The relay took it. Look into your inbox.";
export const sendSeeSandbox = "See it in the sandbox";
export const sendSeeEmail = "See what happened to it";
export const sendToOverview = "Go to the overview";
