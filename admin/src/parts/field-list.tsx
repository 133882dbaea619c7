import styles from "./field-list.module.css";
import type { FieldDoc } from "./json-schema.ts";
import { Prose } from "./prose.tsx";
import * as t from "./strings.ts";

/** In an answer every field is there: to say so of each would only be noise. */
export function FieldList({ fields, isAnswer = false }: { fields: readonly FieldDoc[]; isAnswer?: boolean }) {
  return (
    <dl className={styles.fields}>
      {fields.map(({ name, type, isRequired, fallback, description }) => (
        <div key={name} className={styles.field}>
          <dt>{name}</dt>
          <dd>
            <span className={styles.type}>{type}</span>
            {isRequired && !isAnswer && (
              <span className={styles.mark} data-required="">
                {t.required}
              </span>
            )}
            {fallback !== null && !isAnswer && (
              <span className={styles.mark}>{t.defaultValue(fallback)}</span>
            )}
            {description !== null && (
              <div>
                <Prose className={styles.words} text={description} />
              </div>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
