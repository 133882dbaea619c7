import type { Alternative } from "../../api/types.ts";
import { Icon } from "../../parts/icon.tsx";
import type { Editor } from "../editor/use-config-editor.ts";
import { FixOffer } from "./fix.tsx";
import * as t from "./strings.ts";
import styles from "./test-panel.module.css";

interface AlternativesProps {
  readonly alternatives: readonly Alternative[];
  /** Others are still being tried. */
  readonly isLooking: boolean;
  readonly editor: Editor;
  readonly onTest: (() => void) | null;
}

/** What else was tried on the same server after a failure, and what of it works. */
export function Alternatives({ alternatives, isLooking, editor, onTest }: AlternativesProps) {
  if (alternatives.length === 0 && !isLooking) return null;
  const working = alternatives.filter(({ works }) => works);
  const others = alternatives.filter(({ works }) => !works);
  const nothing = isLooking ? t.alternativesLooking : t.alternativesNothing;
  return (
    <section className={styles.alternatives} aria-label={t.alternativesTitle}>
      <h3>{working.length > 0 ? t.alternativesFound : nothing}</h3>
      {working.map(({ fix, ...alternative }) => (
        <div key={keyOf(alternative)} className={styles.working}>
          <p className={styles.workingTitle}>
            <Icon name="check" size={14} /> {alternative.title}
          </p>
          <p className={styles.workingDetail}>{alternative.detail}</p>
          {fix !== null && <FixOffer fix={fix} editor={editor} label={t.alternativesUse} onTest={onTest} />}
        </div>
      ))}
      {others.length > 0 && (
        <details className={styles.tried}>
          <summary>{t.alternativesTried(others.length)}</summary>
          <ul>
            {others.map((alternative) => (
              <li key={keyOf(alternative)}>{alternative.title}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function keyOf({ smtpServer, smtpPort, useTls, tlsMode }: Omit<Alternative, "fix">): string {
  return [smtpServer, smtpPort, useTls, tlsMode].join(" ");
}
