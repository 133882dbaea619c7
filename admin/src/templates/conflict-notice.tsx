import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import type { TemplateDetail } from "../api/types.ts";
import { Notice } from "../parts/notice.tsx";
import { strings } from "../strings.ts";
import { DifferencesView } from "./differences-view.tsx";
import { differences, draftOf } from "./draft.ts";
import type { TemplateEditor } from "./use-template-editor.ts";

const t = strings.templates.conflict;

interface ConflictNoticeProps {
  readonly editor: TemplateEditor;
  readonly theirs: TemplateDetail;
}

/** Two have edited: nothing is lost until one of them says so. */
export function ConflictNotice({ editor, theirs }: ConflictNoticeProps) {
  const [comparing, compare] = useState(false);
  return (
    <>
      <Notice
        tone="warn"
        title={t.title}
        actions={
          <>
            <Button variant="default" size="xs" onClick={() => compare(true)}>
              {t.compare}
            </Button>
            <Button variant="default" size="xs" onClick={() => void editor.take(theirs)}>
              {t.theirs}
            </Button>
            <Button variant="default" size="xs" onClick={() => editor.saveOver(theirs)}>
              {t.mine}
            </Button>
          </>
        }
      >
        {t.byWhom(theirs.updatedBy ?? t.somebody, theirs.version)}
      </Notice>
      <Modal
        opened={comparing}
        onClose={() => compare(false)}
        title={t.compareTitle}
        size="xl"
        closeButtonProps={{ "aria-label": strings.close }}
      >
        <DifferencesView differences={differences(draftOf(theirs), editor.draft, theirs.isBuiltIn)} />
      </Modal>
    </>
  );
}
