import { useBlocker } from "@tanstack/react-router";
import { Confirm } from "./confirm.tsx";
import * as t from "./strings.ts";

/** Asks before leaving the page, or the site, with unsaved changes. */
export function UnsavedGuard({ isDirty }: { isDirty: boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: () => isDirty,
    enableBeforeUnload: isDirty,
    withResolver: true,
  });
  return (
    <Confirm
      opened={blocker.status === "blocked"}
      title={t.unsavedTitle}
      confirm={t.unsavedLeave}
      keep={t.unsavedStay}
      onConfirm={() => blocker.proceed?.()}
      onClose={() => blocker.reset?.()}
    >
      {t.unsavedBody}
    </Confirm>
  );
}
