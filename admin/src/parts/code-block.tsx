import styles from "./code-block.module.css";
import { CopyButton } from "./copy-button.tsx";

/** Text for a machine, as it is, to be copied. */
export function CodeBlock({ code, label, copy = true }: { code: string; label: string; copy?: boolean }) {
  return (
    <figure className={styles.block} aria-label={label}>
      <pre>{code}</pre>
      {copy && (
        <div className={styles.copy}>
          <CopyButton value={code} />
        </div>
      )}
    </figure>
  );
}
