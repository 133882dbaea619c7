import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { Notice } from "../../parts/notice.tsx";
import { strings } from "../../strings.ts";
import type { Difference } from "../draft.ts";
import { DifferencesView } from "../versions/differences-view.tsx";

const t = strings.templates.conflict;

interface ConflictNoticeProps {
  /** What somebody else saved meanwhile. */
  readonly theirs: { readonly version: number; readonly updatedBy: string | null };
  /** From theirs to what is in the editor. */
  readonly differences: readonly Difference[];
  readonly onTheirs: () => void;
  readonly onMine: () => void;
}

/** Two have edited: nothing is lost until one of them says so. */
export function ConflictNotice({ theirs, differences, onTheirs, onMine }: ConflictNoticeProps) {
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
            <Button variant="default" size="xs" onClick={onTheirs}>
              {t.theirs}
            </Button>
            <Button variant="default" size="xs" onClick={onMine}>
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
        <DifferencesView differences={differences} />
      </Modal>
    </>
  );
}
