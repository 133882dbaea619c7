import { serverUrl } from "../api/base-path.ts";
import { CodeBlock } from "../parts/code-block.tsx";
import { FieldList } from "../parts/field-list.tsx";
import type { FieldDoc } from "../parts/json-schema.ts";
import { Prose } from "../parts/prose.tsx";
import styles from "./api-docs.module.css";
import { curlOf, type RouteDoc } from "./openapi.ts";
import * as t from "./strings.ts";

const server = new URL(serverUrl(""), location.origin).href.replace(/\/$/, "");

export function RouteDetails({ route }: { route: RouteDoc }) {
  const { method, path, summary, description, parameters, body, answers } = route;
  return (
    <details className={styles.route}>
      <summary>
        <span className={`${styles.method} ${styles[method]}`}>{method}</span>
        <code className={styles.path}>{path}</code>
        <span className={styles.summary}>{summary}</span>
      </summary>
      <div className={styles.body}>
        {description !== null && <Prose className={styles.description} text={description} />}
        <CodeBlock code={curlOf(route, server)} label={t.example} />
        {parameters.length > 0 && <Fields title={t.parameters} fields={parameters} />}
        {body !== null && body.fields.length > 0 && <Fields title={t.body} fields={body.fields} />}
        {answers.map((answer) => (
          <div key={answer.status}>
            <h3>{t.answer}</h3>
            <p>
              <span className={styles.status}>{answer.status}</span>{" "}
              {answer.description !== null && <Prose className={styles.words} text={answer.description} />}
            </p>
            {answer.fields.length > 0 && <FieldList fields={answer.fields} isAnswer />}
          </div>
        ))}
      </div>
    </details>
  );
}

function Fields({ title, fields }: { title: string; fields: readonly FieldDoc[] }) {
  return (
    <div>
      <h3>{title}</h3>
      <FieldList fields={fields} />
    </div>
  );
}
