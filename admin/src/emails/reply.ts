interface Reply {
  readonly code: number | null;
  readonly enhancedCode: string | null;
  readonly reply: string | null;
}

/** A relay's reply in one line, such as `550 5.1.1 no such user`; null where it said nothing. */
export function replyWords({ code, enhancedCode, reply }: Reply): string | null {
  const words = [code, enhancedCode, reply].filter((word) => word !== null && word !== "");
  return words.length === 0 ? null : words.join(" ");
}
