import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { TemplateVersion } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, SkeletonRows } from "../../parts/page.tsx";
import { partsQuery, partVersionQuery, partVersionsQuery, removePart, restorePart } from "../api.ts";
import { partDifferences } from "../draft.ts";
import styles from "../editor/editor.module.css";
import type { PartEditor } from "../editor/use-part-editor.ts";
import { DifferencesView } from "./differences-view.tsx";
import * as t from "./strings.ts";
import { VersionTable } from "./version-table.tsx";

const builtIn: TemplateVersion = { version: 0, at: null, by: null, note: null, change: "created" };

export function PartVersions({ editor }: { editor: PartEditor }) {
  const { base } = editor;
  const { data: versions, error } = useQuery(partVersionsQuery(base.name));
  return (
    <Card title={t.title} aside={(!base.isBuiltIn || base.isEdited) && <RemovePart editor={editor} />}>
      {error !== null ? (
        <ProblemNotice error={error} />
      ) : versions === undefined ? (
        <SkeletonRows rows={2} />
      ) : versions.length === 0 ? (
        <p className={`${styles.inset} ${styles.state}`}>{t.none}</p>
      ) : (
        <VersionTable
          versions={base.isBuiltIn ? [...versions, builtIn] : versions}
          current={base.version}
          compare={(version) => <Comparison editor={editor} version={version} />}
          onRestore={async (version) => {
            await editor.load(await restorePart(base.name, version, base.version));
          }}
        />
      )}
    </Card>
  );
}

function Comparison({ editor: { base }, version }: { editor: PartEditor; version: number }) {
  const { data, error } = useQuery(partVersionQuery(base.name, version));
  if (error !== null) return <ProblemNotice error={error} />;
  if (data === undefined) return <SkeletonRows rows={3} />;
  return <DifferencesView differences={partDifferences(data, base)} />;
}

/** Back to the built-in layout, or the partial is gone for good. */
function RemovePart({ editor }: { editor: PartEditor }) {
  const { name, isBuiltIn } = editor.base;
  const [asking, ask] = useState(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const removing = useMutation({
    mutationFn: () => removePart(name),
    onSuccess: async () => {
      ask(false);
      if (!isBuiltIn) await navigate({ to: "/templates", ignoreBlocker: true });
      const parts = await queries.fetchQuery({ ...partsQuery, staleTime: 0 });
      const part = parts.find((each) => each.name === name);
      if (part !== undefined) await editor.load(part);
    },
  });
  return (
    <>
      <Button variant="subtle" color="bad" size="compact-sm" onClick={() => ask(true)}>
        {isBuiltIn ? t.reset : t.partRemove}
      </Button>
      <Confirm
        opened={asking}
        title={isBuiltIn ? t.partResetTitle : t.partRemoveTitle(name)}
        confirm={isBuiltIn ? t.reset : t.removeConfirm}
        busy={removing.isPending}
        error={removing.error}
        onConfirm={() => removing.mutate()}
        onClose={() => ask(false)}
      >
        {isBuiltIn ? t.resetBody : t.partRemoveBody}
      </Confirm>
    </>
  );
}
