import { useBlocker } from "@tanstack/react-router";
import { Confirm } from "../parts/confirm.tsx";
import { strings } from "../strings.ts";

const t = strings.smtp.guard;

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
