import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { Notice } from "../../parts/notice.tsx";
import * as shared from "../../strings.ts";
import type { Difference } from "../draft.ts";
import { DifferencesView } from "../versions/differences-view.tsx";
import * as t from "./strings.ts";

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
        title={t.conflictTitle}
        actions={
          <>
            <Button variant="default" size="xs" onClick={() => compare(true)}>
              {t.conflictCompare}
            </Button>
            <Button variant="default" size="xs" onClick={onTheirs}>
              {t.conflictTheirs}
            </Button>
            <Button variant="default" size="xs" onClick={onMine}>
              {t.conflictMine}
            </Button>
          </>
        }
      >
        {t.conflictByWhom(theirs.updatedBy ?? t.conflictSomebody, theirs.version)}
      </Notice>
      <Modal
        opened={comparing}
        onClose={() => compare(false)}
        title={t.conflictCompareTitle}
        size="xl"
        closeButtonProps={{ "aria-label": shared.close }}
      >
        <DifferencesView differences={differences} />
      </Modal>
    </>
  );
}
