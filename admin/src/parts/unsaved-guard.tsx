import { useBlocker } from "@tanstack/react-router";
import { strings } from "../strings.ts";
import { Confirm } from "./confirm.tsx";

const t = strings.unsaved;

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
      title={t.title}
      confirm={t.leave}
      keep={t.stay}
      onConfirm={() => blocker.proceed?.()}
      onClose={() => blocker.reset?.()}
    >
      {t.body}
    </Confirm>
  );
}
