import { Button, SegmentedControl, Switch } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { type ReactNode, useState } from "react";
import type { TemplatePreview } from "../../api/types.ts";
import { previewDocument } from "../../parts/email-frame.ts";
import { formatBytes } from "../../parts/format.ts";
import { Icon } from "../../parts/icon.tsx";
import { Card, SkeletonRows } from "../../parts/page.tsx";
import * as shared from "../../strings.ts";
import * as page from "../strings.ts";
import styles from "./preview.module.css";
import * as t from "./strings.ts";
import type { LivePreview } from "./use-live-preview.ts";

type View = "desktop" | "phone" | "text";
const widths = { desktop: 680, phone: 375 } as const;
type Warning = TemplatePreview["warnings"][number];

interface PreviewCardProps {
  readonly preview: LivePreview;
  readonly aside?: ReactNode;
  readonly onGoTo?: (warning: Warning) => void;
}

/** The email as its readers see it: in the list of their mail program, opened, on a phone, in the dark. */
export function PreviewCard({ preview: { shown, error }, aside, onGoTo }: PreviewCardProps) {
  const [view, setView] = useState<View>("desktop");
  const [isDark, setDark] = useState(false);
  const isStale = error !== null;
  return (
    <Card
      title={t.title}
      aside={isStale && shown !== null ? <span className={styles.stale}>{t.stale}</span> : aside}
      className={styles.card}
    >
      {shown === null ? (
        error === null ? (
          <SkeletonRows />
        ) : (
          <p className={styles.nothing}>{t.noPreview}</p>
        )
      ) : (
        <div className={styles.preview} data-stale={isStale ? "" : undefined}>
          <dl className={styles.inbox} aria-label={t.inbox}>
            <dt>{shown.subject}</dt>
            <dd>{shown.preheader ?? ""}</dd>
          </dl>
          <div className={styles.bar}>
            <SegmentedControl
              size="xs"
              aria-label={t.views}
              data={[
                { value: "desktop", label: t.desktop },
                { value: "phone", label: t.phone },
                { value: "text", label: t.text },
              ]}
              value={view}
              onChange={(value) => setView(value as View)}
            />
            {view !== "text" && (
              <Switch
                label={t.dark}
                checked={isDark}
                onChange={(event) => setDark(event.currentTarget.checked)}
              />
            )}
          </div>
          {view === "text" ? (
            <pre className={styles.text}>{shown.text}</pre>
          ) : (
            <EmailFrame html={shown.html} width={widths[view]} isDark={isDark} />
          )}
          <p className={styles.note}>
            {t.size(formatBytes(shown.sizeBytes))}. {shared.previewBlocked}
          </p>
          {shown.warnings.length > 0 && (
            <ul className={styles.warnings} aria-label={t.warnings}>
              {shown.warnings.map((warning) => (
                <li key={`${warning.code} ${warning.line} ${warning.column} ${warning.detail}`}>
                  <Icon name="warning" size={15} />
                  <span>
                    {warning.detail}{" "}
                    {onGoTo !== undefined && (warning.line !== null || warning.code === "subject_long") && (
                      <Button variant="subtle" size="compact-xs" onClick={() => onGoTo(warning)}>
                        {warning.line === null ? page.fields.subject : page.line(warning.line)}
                      </Button>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </Card>
  );
}

/**
 * An email at the width of a reader's window, made smaller where the page has less room. It has no scripts
 * and no origin.
 */
function EmailFrame({ html, width, isDark }: { html: string; width: number; isDark: boolean }) {
  const { ref, width: room } = useElementSize();
  const scale = room === 0 ? 1 : Math.min(1, room / width);
  return (
    <div ref={ref} className={styles.stage} data-dark={isDark ? "" : undefined}>
      <iframe
        className={styles.frame}
        style={{
          width,
          height: `${100 / scale}%`,
          transform: `scale(${scale})`,
          marginLeft: Math.max(0, (room - width * scale) / 2),
        }}
        title={t.frame}
        sandbox=""
        referrerPolicy="no-referrer"
        srcDoc={previewDocument(html, isDark ? "dark" : "light")}
      />
    </div>
  );
}
