/**
 * What nobody sees on a screen but a plain space: other blanks, such as U+00A0, and characters of no width, such as
 * U+200B, U+202A and U+FEFF (Unicode: categories Z, Cc and Cf, property Default_Ignorable_Code_Point). They come with
 * text that is pasted from a web page, a chat or a document.
 */
const invisible = /(?! )[\p{Z}\p{Cc}\p{Cf}\p{DI}]/u;
const everyInvisible = new RegExp(invisible, "gu");

/** Whether credentials hold what nobody means to enter: an invisible character, or a space at one end. */
export function holdsInvisible(text: string): boolean {
  return invisible.test(text) || text !== text.trim();
}

/** The text as it looks: without invisible characters, and without spaces at its ends. */
export function withoutInvisible(text: string): string {
  return text.replaceAll(everyInvisible, "").trim();
}
