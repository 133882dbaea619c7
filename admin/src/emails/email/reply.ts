interface Reply {
  readonly code: number | null;
  readonly enhancedCode: string | null;
  readonly reply: string | null;
}

/** A relay's reply in one line, such as `550 5.1.1 no such user`; null where it said nothing. */
export function replyWords({ code, enhancedCode, reply }: Reply): string | null {
  // Most relays repeat the enhanced code in their text.
  const isTold = enhancedCode !== null && reply?.includes(enhancedCode) === true;
  const words = [code, isTold ? null : enhancedCode, reply].filter((word) => word !== null && word !== "");
  return words.length === 0 ? null : words.join(" ");
}
