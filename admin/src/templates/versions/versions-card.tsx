import { Button } from "@mantine/core";
import {
  type QueryKey,
  type UseQueryOptions,
  type UseQueryResult,
  useMutation,
  useQuery,
} from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { TemplateVersion } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, SkeletonRows } from "../../parts/page.tsx";
import type { Difference } from "../draft.ts";
import styles from "../editor/editor.module.css";
import { DifferencesView } from "./differences-view.tsx";
import * as t from "./strings.ts";
import { VersionTable } from "./version-table.tsx";

/** What was built in, before anybody changed it. */
const builtIn: TemplateVersion = { version: 0, at: null, by: null, note: null, change: "created" };

interface VersionsCardProps {
  readonly versions: Pick<UseQueryResult<readonly TemplateVersion[]>, "data" | "error">;
  readonly base: { readonly isBuiltIn: boolean; readonly version: number };
  /** How to remove it or to reset it, where that is possible. */
  readonly aside: ReactNode;
  readonly compare: (version: number) => ReactNode;
  readonly onRestore: (version: number) => Promise<unknown>;
}

/** The versions of a template or of a part that templates share. */
export function VersionsCard({ versions: { data, error }, base, aside, ...rest }: VersionsCardProps) {
  return (
    <Card title={t.title} aside={aside}>
      {error !== null ? (
        <ProblemNotice error={error} />
      ) : data === undefined ? (
        <SkeletonRows rows={2} />
      ) : data.length === 0 ? (
        <p className={`${styles.inset} ${styles.state}`}>{t.none}</p>
      ) : (
        <VersionTable
          versions={base.isBuiltIn ? [...data, builtIn] : data}
          current={base.version}
          {...rest}
        />
      )}
    </Card>
  );
}

interface ComparisonProps<Content, Key extends QueryKey> {
  readonly query: UseQueryOptions<Content, Error, Content, Key>;
  /** From that version to the current one. */
  readonly differences: (version: Content) => readonly Difference[];
}

export function Comparison<Content, Key extends QueryKey>({
  query,
  differences,
}: ComparisonProps<Content, Key>) {
  const { data, error } = useQuery(query);
  if (error !== null) return <ProblemNotice error={error} />;
  if (data === undefined) return <SkeletonRows rows={3} />;
  return <DifferencesView differences={differences(data)} />;
}

interface RemoveButtonProps {
  readonly words: { readonly button: string; readonly title: string; readonly body: string };
  /** What the confirming button says. */
  readonly confirm: string;
  readonly remove: () => Promise<void>;
  readonly onRemoved: () => Promise<void>;
}

/** Back to what was built in, or gone for good: asked before it is done. */
export function RemoveButton({ words, confirm, remove, onRemoved }: RemoveButtonProps) {
  const [asking, ask] = useState(false);
  const removing = useMutation({
    mutationFn: remove,
    onSuccess: () => {
      ask(false);
      return onRemoved();
    },
  });
  return (
    <>
      <Button variant="subtle" color="bad" size="compact-sm" onClick={() => ask(true)}>
        {words.button}
      </Button>
      <Confirm
        opened={asking}
        title={words.title}
        confirm={confirm}
        busy={removing.isPending}
        error={removing.error}
        onConfirm={() => removing.mutate()}
        onClose={() => ask(false)}
      >
        {words.body}
      </Confirm>
    </>
  );
}
