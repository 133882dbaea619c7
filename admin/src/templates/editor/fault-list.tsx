import { Icon } from "../../parts/icon.tsx";
import { languageName } from "../language-name.ts";
import * as page from "../strings.ts";
import styles from "./editor.module.css";
import type { SourceFault } from "./source-faults.ts";
import * as t from "./strings.ts";

interface FaultListProps {
  readonly faults: readonly SourceFault[];
  readonly onGoTo: (fault: SourceFault) => void;
}

/** The faults in words, read out as they come; each leads to its place. */
export function FaultList({ faults, onGoTo }: FaultListProps) {
  // A fault of the layout is found once for each template that has it.
  const distinct = new Map(faults.map((fault) => [JSON.stringify(fault), fault]));
  return (
    <div role="status" aria-label={t.faults}>
      {distinct.size > 0 && (
        <ul className={styles.faults}>
          {[...distinct].map(([key, fault]) => (
            <li key={key}>
              <Icon name="cross" size={15} />
              <span>
                {fault.field !== null && (
                  <button type="button" onClick={() => onGoTo(fault)}>
                    {placeOf(fault)}
                  </button>
                )}{" "}
                {fault.detail}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function placeOf({ field, locale, line }: SourceFault): string {
  return [
    field === null ? "" : page.fields[field],
    locale === null ? "" : languageName(locale),
    line === null ? "" : page.line(line),
  ]
    .filter((word) => word !== "")
    .join(", ");
}
