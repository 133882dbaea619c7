/** As the server looks for it: everything that nobody sees but a plain space, which is odd at the ends alone. */
const invisible = /(?! )[\p{Z}\p{Cc}\p{Cf}\p{DI}]/u;

/** Whether a username or a password holds what came along with a copied text. */
export function holdsInvisible(text: string): boolean {
  return invisible.test(text) || text !== text.trim();
}
