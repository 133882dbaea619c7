/** A description of the API: words between backticks are code, the rest is text. */
export function Prose({ text, className }: { text: string; className?: string | undefined }) {
  const parts = text.split("`").map((words, index) => ({ words, isCode: index % 2 === 1, at: `${index}` }));
  return (
    <span className={className}>
      {parts.map(({ words, isCode, at }) => (isCode ? <code key={at}>{words}</code> : words))}
    </span>
  );
}
