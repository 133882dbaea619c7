import { Button, VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { SmtpConfig, SmtpConfigVersion } from "../../api/types.ts";
import { Badge } from "../../parts/badge.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, focusPage, SkeletonRows } from "../../parts/page.tsx";
import { Time } from "../../parts/time.tsx";
import { versionsQuery } from "../api.ts";
import { emptyWord, settingLabel, settingWord } from "../form/setting-words.ts";
import styles from "./history.module.css";
import { RollbackSetting } from "./rollback-setting.tsx";
import * as t from "./strings.ts";
import { useRollback } from "./use-rollback.ts";

/** So many are shown until somebody wants to see all. */
const firstShown = 3;

/** The versions of a config, with what each changed and the way back to it. */
export function History({ config }: { config: SmtpConfig }) {
  const { data: versions, error } = useQuery(versionsQuery(config.id));
  const [isWhole, showWhole] = useState(false);
  const [asked, ask] = useState<number | null>(null);
  const rollingBack = useRollback(config, () => {
    ask(null);
    focusPage();
  });
  return (
    <Card title={t.title} className={styles.card}>
      {error !== null && <ProblemNotice error={error} />}
      {versions === undefined && error === null && <SkeletonRows rows={2} />}
      {versions !== undefined && (
        <ol className={styles.versions}>
          {versions.slice(0, isWhole ? versions.length : firstShown).map((version, index) => (
            <VersionRow
              key={version.version}
              version={version}
              isOldest={index === versions.length - 1}
              onRollBack={() => ask(version.version)}
            />
          ))}
        </ol>
      )}
      {versions !== undefined && versions.length > firstShown && !isWhole && (
        <div className={styles.more}>
          <Button variant="subtle" size="compact-sm" onClick={() => showWhole(true)}>
            {t.all(versions.length)}
          </Button>
        </div>
      )}
      <RollbackSetting />
      <Confirm
        opened={asked !== null}
        title={t.rollBackTitle(asked ?? 0)}
        confirm={t.rollBack}
        destroys={false}
        busy={rollingBack.isPending}
        error={rollingBack.error}
        onConfirm={() => asked !== null && rollingBack.mutate(asked)}
        onClose={() => {
          ask(null);
          rollingBack.reset();
        }}
      >
        {t.rollBackBody}
      </Confirm>
    </Card>
  );
}

interface VersionRowProps {
  readonly version: SmtpConfigVersion;
  readonly isOldest: boolean;
  readonly onRollBack: () => void;
}

function VersionRow({ version: shown, isOldest, onRollBack }: VersionRowProps) {
  const { version, isCurrent, savedAt, savedBy, changes, lastTest, isUsable } = shown;
  return (
    <li className={styles.version}>
      <div className={styles.head}>
        <span className={styles.name}>{t.version(version)}</span>
        {isCurrent && (
          <Badge tone="good" icon="check">
            {t.current}
          </Badge>
        )}
        <span className={styles.facts}>
          <Time iso={savedAt} /> {t.by(savedBy)} ·{" "}
          {lastTest === null ? t.untested : lastTest.ok ? t.tested : t.testFailed}
        </span>
      </div>
      {changes.length > 0 ? (
        <ul className={styles.changes}>
          {changes.map((change) => (
            <li key={change.setting}>
              <Change {...change} />
            </li>
          ))}
        </ul>
      ) : (
        <p className={styles.quiet}>{isOldest ? t.oldest : t.nothing}</p>
      )}
      {!isCurrent && !isUsable && <p className={styles.quiet}>{t.unusable}</p>}
      {!isCurrent && isUsable && (
        <Button
          className={styles.rollBack}
          variant="default"
          size="compact-sm"
          aria-label={t.rollBackNamed(version)}
          onClick={onRollBack}
        >
          {t.rollBack}
        </Button>
      )}
    </li>
  );
}

function Change({ setting, before, after }: SmtpConfigVersion["changes"][number]) {
  const label = settingLabel(setting);
  // Neither a password nor a certificate is shown.
  if (before === null && after === null) return `${label}: ${t.changed}`;
  const word = (value: string | null) => (value === null ? emptyWord(setting) : settingWord(setting, value));
  return (
    <>
      {label}: <del>{word(before)}</del> <Icon name="arrowRight" size={12} />{" "}
      <VisuallyHidden>{t.becomes}</VisuallyHidden> <ins>{word(after)}</ins>
    </>
  );
}
