import { Button, Modal, VisuallyHidden } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { TemplateVersion } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import table from "../../parts/table.module.css";
import { Time } from "../../parts/time.tsx";
import * as shared from "../../strings.ts";
import styles from "../editor/editor.module.css";
import * as t from "./strings.ts";

interface VersionTableProps {
  /** The newest first, and last the one that is built in, if there is. */
  readonly versions: readonly TemplateVersion[];
  readonly current: number;
  /** From that version to the current one. */
  readonly compare: (version: number) => ReactNode;
  readonly onRestore: (version: number) => Promise<unknown>;
}

/** Who changed what when, and the way back. */
export function VersionTable({ versions, current, compare, onRestore }: VersionTableProps) {
  const [compared, setCompared] = useState<number | null>(null);
  const [asked, ask] = useState<number | null>(null);
  const restoring = useMutation({ mutationFn: onRestore, onSuccess: () => ask(null) });
  return (
    <>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">{t.columnVersion}</th>
            <th scope="col">{t.columnWhen}</th>
            <th scope="col">{t.columnBy}</th>
            <th scope="col">{t.columnChange}</th>
            <th scope="col">{t.columnNote}</th>
            <th scope="col">
              <VisuallyHidden>{t.restore}</VisuallyHidden>
            </th>
          </tr>
        </thead>
        <tbody>
          {versions.map(({ version, at, by, change, note }) => (
            <tr key={version}>
              <td>{version}</td>
              <td className={`${table.soft} ${table.nowrap}`}>{at !== null && <Time iso={at} />}</td>
              <td className={table.soft}>{by}</td>
              <td>{at === null ? t.builtIn : t.changes[change]}</td>
              <td className={`${table.soft} ${styles.sentNote}`}>{note}</td>
              <td className={table.end}>
                {version === current ? (
                  <span className={table.soft}>{t.current}</span>
                ) : (
                  <div className={styles.versionActions}>
                    <Button variant="subtle" size="compact-sm" onClick={() => setCompared(version)}>
                      {t.compare}
                    </Button>
                    <Button variant="subtle" size="compact-sm" onClick={() => ask(version)}>
                      {t.restore}
                    </Button>
                  </div>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Modal
        opened={compared !== null}
        onClose={() => setCompared(null)}
        title={t.compareTitle(compared ?? 0)}
        size="xl"
        closeButtonProps={{ "aria-label": shared.close }}
      >
        {compared !== null && compare(compared)}
      </Modal>
      <Confirm
        opened={asked !== null}
        title={t.restoreTitle(asked ?? 0)}
        confirm={t.restore}
        destroys={false}
        busy={restoring.isPending}
        error={restoring.error}
        onConfirm={() => asked !== null && restoring.mutate(asked)}
        onClose={() => {
          ask(null);
          restoring.reset();
        }}
      >
        {t.restoreBody}
      </Confirm>
    </>
  );
}
