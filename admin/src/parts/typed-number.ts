/**
 * What was typed into a field for a whole number, for the API: what is none goes as it was typed, so that
 * the server says what is wrong with it.
 */
export function typedNumber(value: string): number {
  const trimmed = value.trim();
  // The type says what is right; what is wrong must reach the server as it is.
  return /^\d{1,15}$/.test(trimmed) ? Number(trimmed) : (trimmed as unknown as number);
}
