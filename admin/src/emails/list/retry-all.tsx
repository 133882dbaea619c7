import { Button, Group, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import * as shared from "../../strings.ts";
import { type RetrySearch, retryScopeQuery } from "../api.ts";
import styles from "../emails.module.css";
import * as t from "./strings.ts";
import { type BulkRun, useBulkRetry } from "./use-bulk-retry.ts";

interface RetryAllProps {
  readonly search: RetrySearch;
  /** Nothing is listed: there is nothing to offer. */
  readonly isEmpty: boolean;
}

/** Tries everything again that the list's filter matches: says how much that is, then how far it has come. */
export function RetryAll({ search, isEmpty }: RetryAllProps) {
  const [opened, open] = useState(false);
  const { run, goOn, stop, reset } = useBulkRetry();
  const scope = useQuery({ ...retryScopeQuery(search), enabled: opened && run.kind === "idle" });
  const isUnderWay = run.kind === "running" || run.kind === "stopping";

  function close() {
    // Whoever closes it looks away from what it does; that must not go on unseen.
    if (isUnderWay) stop();
    else open(false);
  }
  function start() {
    if (scope.data !== undefined) void goOn({ ...search, createdBefore: scope.data.createdBefore });
  }

  return (
    <>
      {!isEmpty && (
        <Button variant="default" leftSection={<Icon name="retry" size={16} />} onClick={() => open(true)}>
          {t.retryButton}
        </Button>
      )}
      <Modal
        opened={opened}
        onClose={close}
        onExitTransitionEnd={reset}
        title={titleOf(run)}
        closeOnClickOutside={!isUnderWay}
        closeButtonProps={{ "aria-label": shared.close }}
      >
        {run.kind === "idle" ? (
          <Question
            scope={scope.isFetching ? undefined : scope.data}
            error={scope.error}
            state={search.state}
            onStart={start}
            onClose={close}
          />
        ) : (
          <Progress run={run} total={scope.data?.count ?? 0} isCapped={scope.data?.capped === true}>
            {isUnderWay ? (
              <Button variant="default" loading={run.kind === "stopping"} onClick={stop}>
                {t.retryStop}
              </Button>
            ) : (
              <>
                {run.kind !== "done" && (
                  <Button variant="default" onClick={start}>
                    {t.retryGoOn}
                  </Button>
                )}
                <Button onClick={close}>{shared.close}</Button>
              </>
            )}
          </Progress>
        )}
      </Modal>
    </>
  );
}

function titleOf({ kind }: BulkRun): string {
  if (kind === "idle") return t.retryTitle;
  if (kind === "done") return t.retryDone;
  return kind === "running" || kind === "stopping" ? t.retryRunning : t.retryStopped;
}

interface QuestionProps {
  readonly scope: { readonly count: number; readonly capped: boolean } | undefined;
  readonly error: unknown;
  readonly state: RetrySearch["state"];
  readonly onStart: () => void;
  readonly onClose: () => void;
}

function Question({ scope, error, state, onStart, onClose }: QuestionProps) {
  const count = scope?.count ?? 0;
  return (
    <>
      {error !== null ? (
        <ProblemNotice error={error} />
      ) : (
        <div className={styles.question} role="status">
          <p>{scope === undefined ? t.retryCounting : t.retryHowMany(count, scope.capped)}</p>
          {count > 0 && (
            <>
              <p>{t.retryMeaning}</p>
              {state === "unknown" && <p>{t.retryTwice}</p>}
            </>
          )}
        </div>
      )}
      <Group justify="flex-end" gap={8} mt={20}>
        <Button variant="default" onClick={onClose} data-autofocus>
          {shared.cancel}
        </Button>
        <Button disabled={count === 0} onClick={onStart}>
          {t.retryButton}
        </Button>
      </Group>
    </>
  );
}

interface ProgressProps {
  readonly run: BulkRun;
  /** How many there were when it began. */
  readonly total: number;
  readonly isCapped: boolean;
  /** The buttons. */
  readonly children: ReactNode;
}

function Progress({ run: { kind, retried, skipped, error }, total, isCapped, children }: ProgressProps) {
  const buttons = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The button that was pressed is gone; the focus goes to the one in its place.
    if (kind !== "stopping") buttons.current?.querySelector("button")?.focus();
  }, [kind]);
  const passed = retried + skipped;
  // Of more than were counted nobody knows the share.
  const share = kind === "done" ? 1 : isCapped ? undefined : Math.min(1, passed / Math.max(1, total));
  return (
    <>
      <progress className={styles.progress} aria-label={t.retryRunning} max={1} value={share} />
      <p role="status">{t.retryRetried(retried, isCapped ? null : total)}</p>
      {skipped > 0 && <p className={styles.skipped}>{t.retrySkipped(skipped)}</p>}
      {error !== null && (
        <div className={styles.failure}>
          <ProblemNotice error={error} />
        </div>
      )}
      <Group ref={buttons} justify="flex-end" gap={8} mt={20}>
        {children}
      </Group>
    </>
  );
}
