/** The same rule as on the server: any invisible character counts, and a plain space only at either end. */
const invisible = /(?! )[\p{Z}\p{Cc}\p{Cf}\p{DI}]/u;

/** Whether a username or a password holds what came along with a copied text. */
export function holdsInvisible(text: string): boolean {
  return invisible.test(text) || text !== text.trim();
}
