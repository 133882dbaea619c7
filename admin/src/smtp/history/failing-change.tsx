import { Button } from "@mantine/core";
import type { SmtpConfig } from "../../api/types.ts";
import { Notice, ProblemNotice } from "../../parts/notice.tsx";
import { focusPage } from "../../parts/page.tsx";
import { Time } from "../../parts/time.tsx";
import * as t from "./strings.ts";
import { useRollback } from "./use-rollback.ts";

/** That sending fails since the last change of a config, with the way back. */
export function FailingChange({ config }: { config: SmtpConfig }) {
  return (
    <Notice
      tone="bad"
      title={<FailingSince config={config} />}
      actions={<RollbackButton config={config} onRolledBack={focusPage} />}
    >
      {t.failingMeaning}
    </Notice>
  );
}

/** Whose change it was, and when. */
export function FailingSince({ config: { updatedBy, updatedAt } }: { config: SmtpConfig }) {
  return (
    <>
      {t.failingSince(updatedBy)} <Time iso={updatedAt} />.
    </>
  );
}

interface RollbackButtonProps {
  readonly config: SmtpConfig;
  /** The button is gone then: whoever has the focus is to get it elsewhere. */
  readonly onRolledBack: () => void;
}

/** Restores the version before the change; nothing where there is none to return to. */
export function RollbackButton({ config, onRolledBack }: RollbackButtonProps) {
  const rollingBack = useRollback(config, onRolledBack);
  const { returnTo } = config;
  if (returnTo === null) return null;
  return (
    <>
      <Button
        size="xs"
        aria-label={t.failingRollBackNamed(config.name)}
        loading={rollingBack.isPending}
        onClick={() => rollingBack.mutate(returnTo)}
      >
        {t.failingRollBack}
      </Button>
      {rollingBack.error !== null && <ProblemNotice error={rollingBack.error} />}
    </>
  );
}
