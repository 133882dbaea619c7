import { Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { TemplateInfo } from "../api/types.ts";
import { EmailPreview } from "../parts/email-preview.tsx";
import { FieldList } from "../parts/field-list.tsx";
import { fieldsOf } from "../parts/json-schema.ts";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../parts/page.tsx";
import { SendExample } from "../parts/send-example.tsx";
import { NotFound } from "../shell/stray-pages.tsx";
import { strings } from "../strings.ts";
import { renderedQuery, templatesQuery } from "./api.ts";
import { readData } from "./data.ts";
import styles from "./templates.module.css";

const t = strings.templates;
const back = { label: t.title, to: "/templates" } as const;

export function TemplatePage() {
  const { name } = useParams({ from: "/shell/templates/$name" });
  const { data: templates, error } = useQuery(templatesQuery);
  const template = templates?.find((each) => each.name === name);
  if (templates !== undefined && template === undefined) return <NotFound />;
  return (
    <Page title={name} back={back} lead={template?.description}>
      {template !== undefined ? (
        <Template key={name} template={template} />
      ) : error === null ? (
        <Card>
          <SkeletonRows />
        </Card>
      ) : (
        <ProblemNotice error={error} />
      )}
    </Page>
  );
}

/** The template as it looks with the data beside it, which may be played with. */
function Template({ template: { name, example, schema } }: { template: TemplateInfo }) {
  const [text, setText] = useState(() => JSON.stringify(example, null, 2));
  const [locale, setLocale] = useState("");
  const [settled] = useDebouncedValue({ text, locale }, 350);
  const data = readData(settled.text);
  const rendered = useQuery({
    ...renderedQuery(name, data ?? {}, settled.locale.trim()),
    enabled: data !== null,
  });
  return (
    <div className={styles.layout}>
      <div className={styles.column}>
        {rendered.error !== null && <ProblemNotice error={rendered.error} />}
        <Card title={t.preview}>
          {rendered.data === undefined ? (
            <SkeletonRows />
          ) : (
            <>
              <p className={styles.subject}>{rendered.data.subject}</p>
              <EmailPreview html={rendered.data.html} text={rendered.data.text} />
            </>
          )}
        </Card>
        <Card title={t.send}>
          <div className={styles.data}>
            <SendExample email={{ to: "jo@example.com", template: name, data: data ?? example }} />
          </div>
        </Card>
      </div>
      <div className={styles.column}>
        <Card title={t.data}>
          <div className={styles.data}>
            <Textarea
              label={t.json}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              error={readData(text) === null ? t.notJson : undefined}
              rows={14}
              spellCheck={false}
              styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.75rem" } }}
            />
            <TextInput
              label={t.locale}
              description={t.localeHint}
              placeholder="en"
              value={locale}
              onChange={(event) => setLocale(event.currentTarget.value)}
              autoComplete="off"
            />
          </div>
        </Card>
        <Card title={t.fields}>
          <div className={styles.fields}>
            <FieldList fields={fieldsOf({}, schema)} />
          </div>
        </Card>
      </div>
    </div>
  );
}
