export function EmailListPage() {
  return null;
}
