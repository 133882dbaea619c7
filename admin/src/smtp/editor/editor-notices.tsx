import { Button } from "@mantine/core";
import { ApiProblem } from "../../api/problem.ts";
import type { SmtpConfig } from "../../api/types.ts";
import { Notice, ProblemNotice } from "../../parts/notice.tsx";
import { focusPage } from "../../parts/page.tsx";
import { DraftNotice } from "../drafts/draft-notice.tsx";
import type { Drafts } from "../drafts/use-drafts.ts";
import { FailingChange } from "../history/failing-change.tsx";
import { Pause, pauseOf } from "../list/config-status.tsx";
import { ResumeConfig } from "../list/resume-config.tsx";
import * as page from "../strings.ts";
import styles from "./editor.module.css";
import * as t from "./strings.ts";
import type { Editor } from "./use-config-editor.ts";

interface EditorNoticesProps {
  /** As it is now: what the form is of does not tell of a pause that came or went since. */
  readonly config: SmtpConfig | null;
  readonly editor: Editor;
  readonly drafts: Drafts;
}

/** What an admin should know before the form, the most urgent first. */
export function EditorNotices({ config, editor, drafts }: EditorNoticesProps) {
  const { base, faults } = editor;
  const pause = config === null ? null : pauseOf(config);
  const notices = [
    config !== null && config.managedBy !== null && (
      <Notice key="managed" tone="info" title={t.managedTitle}>
        {t.managedRemedy}
      </Notice>
    ),
    config !== null && config.returnTo !== null && <FailingChange key="failing" config={config} />,
    base !== null && base.problem !== null && (
      <Notice
        key="problem"
        tone="warn"
        title={base.problem.code.startsWith("oauth.") ? page.notConnected : page.broken}
      >
        {base.problem.detail}
      </Notice>
    ),
    config !== null && pause !== null && (
      <Notice
        key="paused"
        tone={pause.needsAdmin ? "bad" : "warn"}
        title={<Pause breaker={pause} />}
        actions={<ResumeConfig config={config} onResumed={focusPage} />}
      >
        {pause.reason}
      </Notice>
    ),
    base?.oauth?.consentError != null && (
      <Notice key="consent" tone="bad" title={t.oauthFailed}>
        {base.oauth.consentError}
      </Notice>
    ),
    // While it is tested, it is not known yet whether it stays a draft.
    config !== null && drafts.draft !== null && !drafts.isBusy && (
      <DraftNotice key="draft" config={config} draft={drafts.draft} editor={editor} drafts={drafts} />
    ),
    faults.other !== null && (
      <Refusal key="refusal" error={faults.other} onLoad={() => void editor.loadCurrent()} />
    ),
  ].filter((notice) => notice !== false && notice !== undefined);
  return notices.length === 0 ? null : <div className={styles.notices}>{notices}</div>;
}

function Refusal({ error, onLoad }: { error: Error; onLoad: () => void }) {
  if (error instanceof ApiProblem && error.code === "config.version_conflict") {
    return (
      <Notice
        tone="warn"
        title={t.conflict}
        actions={
          <Button size="xs" onClick={onLoad}>
            {page.loadCurrent}
          </Button>
        }
      >
        {t.conflictRemedy}
      </Notice>
    );
  }
  return <ProblemNotice error={error} />;
}
