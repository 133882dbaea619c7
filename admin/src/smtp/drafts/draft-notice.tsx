import { Button } from "@mantine/core";
import { useState } from "react";
import type { SmtpConfig, SmtpConfigDraft } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Notice } from "../../parts/notice.tsx";
import { focusPage } from "../../parts/page.tsx";
import { Time } from "../../parts/time.tsx";
import type { Editor } from "../editor/use-config-editor.ts";
import * as page from "../strings.ts";
import * as t from "./strings.ts";
import type { Drafts } from "./use-drafts.ts";

interface DraftNoticeProps {
  readonly config: SmtpConfig;
  readonly draft: SmtpConfigDraft;
  readonly editor: Editor;
  readonly drafts: Drafts;
}

/** That there is a draft beside the settings that send, and what can be done with it. */
export function DraftNotice({ config, draft, editor, drafts }: DraftNoticeProps) {
  const isContinued = editor.draft !== null;
  const isOutdated = draft.version < config.version;
  // What is in the form is not to be lost by a click here.
  const isInTheWay = editor.isDirty && !isContinued;
  return (
    <Notice
      tone={draft.lastTest?.ok === false || isOutdated ? "warn" : "info"}
      title={
        isContinued ? (
          t.kept
        ) : (
          <>
            {t.draftBy(draft.updatedBy)} <Time iso={draft.updatedAt} />.
          </>
        )
      }
      actions={
        isInTheWay ? undefined : (
          <>
            {!isContinued && (
              <Button size="xs" onClick={() => editor.continueFrom(draft)}>
                {t.continueEditing}
              </Button>
            )}
            {!isOutdated && <UseDraft draft={draft} editor={editor} drafts={drafts} />}
            {isOutdated && isContinued && (
              <Button size="xs" onClick={() => void editor.loadCurrent()}>
                {page.loadCurrent}
              </Button>
            )}
            <Button
              size="xs"
              variant="default"
              disabled={drafts.isBusy}
              onClick={() => {
                drafts.discard();
                focusPage();
              }}
            >
              {t.discard}
            </Button>
          </>
        )
      }
    >
      <DraftTest draft={draft} /> {isOutdated && t.outdated(config.updatedBy)}
      {isInTheWay && t.replaces}
    </Notice>
  );
}

function DraftTest({ draft: { lastTest } }: { draft: SmtpConfigDraft }) {
  if (lastTest === null) return t.notTested;
  return (
    <>
      {lastTest.ok ? t.passed : t.failed} <Time iso={lastTest.at} />
      {lastTest.title === null ? "." : `: ${lastTest.title}.`}
    </>
  );
}

function UseDraft({ draft, editor, drafts }: Omit<DraftNoticeProps, "config">) {
  const [asking, ask] = useState(false);
  const hasPassed = draft.lastTest?.ok === true && !editor.isDirty;
  function use() {
    ask(false);
    drafts.use();
    focusPage();
  }
  return (
    <>
      <Button
        size="xs"
        variant="default"
        disabled={drafts.isBusy}
        onClick={() => (hasPassed ? use() : ask(true))}
      >
        {hasPassed ? t.activate : t.activateAnyway}
      </Button>
      <Confirm
        opened={asking}
        title={t.activateTitle}
        confirm={t.activateAnyway}
        onConfirm={use}
        onClose={() => ask(false)}
      >
        {draft.lastTest?.ok === false && !editor.isDirty ? t.activateFailed : t.activateUntested}
      </Confirm>
    </>
  );
}
