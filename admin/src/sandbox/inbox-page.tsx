export function InboxPage() {
  return null;
}
export function CaughtEmailPage() {
  return null;
}
