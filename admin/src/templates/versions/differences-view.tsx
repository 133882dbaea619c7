import type { Language } from "../../code/code-view.ts";
import { DiffView } from "../../code/diff-view.tsx";
import type { Difference } from "../draft.ts";
import styles from "../editor/editor.module.css";
import { languageName } from "../language-name.ts";
import * as page from "../strings.ts";
import * as t from "./strings.ts";

/** Each text that differs, with what goes and what comes. */
export function DifferencesView({ differences }: { differences: readonly Difference[] }) {
  if (differences.length === 0) return <p>{t.same}</p>;
  return (
    <div className={styles.differences}>
      {differences.map(({ locale, field, before, after }) => {
        const title = [page.fields[field], locale === null ? "" : languageName(locale)];
        const label = title.filter((word) => word !== "").join(", ");
        return (
          <section key={label}>
            <h3>{label}</h3>
            <DiffView
              label={t.differenceIn(label)}
              language={languageOfField(field)}
              before={before}
              after={after}
            />
          </section>
        );
      })}
    </div>
  );
}

function languageOfField(field: Difference["field"]): Language {
  if (field === "mjml") return "mjml";
  return field === "schema" || field === "example" ? "json" : "text";
}
