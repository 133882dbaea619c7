import { SegmentedControl } from "@mantine/core";
import { type ReactNode, useState } from "react";
import * as shared from "../strings.ts";
import { previewDocument } from "./email-frame.ts";
import styles from "./email-preview.module.css";
import * as t from "./strings.ts";

type Part = "html" | "text" | "headers";

interface EmailPreviewProps {
  readonly html: string | null;
  readonly text: string | null;
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  readonly aside?: ReactNode;
}

/** What a recipient sees. Others wrote it: it runs nothing and loads nothing. */
export function EmailPreview({ html, text, headers, aside }: EmailPreviewProps) {
  const [chosen, choose] = useState<Part | null>(null);
  const [width, setWidth] = useState("wide");
  const part = chosen ?? (html === null ? "text" : "html");
  const parts = [
    ...(html === null ? [] : [{ value: "html", label: t.previewHtml }]),
    ...(text === null ? [] : [{ value: "text", label: t.previewText }]),
    ...(headers === undefined ? [] : [{ value: "headers", label: t.previewHeaders }]),
  ];
  return (
    <div>
      <div className={styles.bar}>
        <SegmentedControl size="xs" data={parts} value={part} onChange={(value) => choose(value as Part)} />
        {part === "html" && (
          <SegmentedControl
            className={styles.width}
            size="xs"
            aria-label={t.previewWidth}
            data={[
              { value: "wide", label: t.previewWide },
              { value: "phone", label: t.previewPhone },
            ]}
            value={width}
            onChange={setWidth}
          />
        )}
        {aside}
      </div>
      {part === "html" && html !== null && (
        <>
          <div className={styles.stage}>
            <iframe
              className={`${styles.frame} ${width === "phone" ? styles.phone : ""}`}
              title={t.previewFrame}
              sandbox=""
              referrerPolicy="no-referrer"
              srcDoc={previewDocument(html)}
            />
          </div>
          <p className={styles.note}>{shared.previewBlocked}</p>
        </>
      )}
      {part === "text" && <pre className={styles.text}>{text ?? t.previewNothing}</pre>}
      {part === "headers" && headers !== undefined && (
        <pre className={styles.text}>{headers.map(({ name, value }) => `${name}: ${value}`).join("\n")}</pre>
      )}
    </div>
  );
}
