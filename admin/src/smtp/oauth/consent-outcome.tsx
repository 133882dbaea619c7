import { useSearch } from "@tanstack/react-router";
import { Notice } from "../../parts/notice.tsx";
import styles from "../editor/editor.module.css";
import type { ConsentSearch } from "./consent-search.ts";
import * as t from "./strings.ts";

/** How the way to a provider and back has ended. Why it failed stands with the config. */
export function ConsentOutcome() {
  const { consent } = useSearch({ strict: false }) as ConsentSearch;
  if (consent === undefined || consent === "failed") return null;
  const { title, body } = t.outcomes[consent];
  return (
    <div className={styles.notices}>
      <Notice tone={consent === "connected" ? "good" : "warn"} title={title}>
        {body}
      </Notice>
    </div>
  );
}
