import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { TemplateVersion } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, SkeletonRows } from "../../parts/page.tsx";
import {
  removeTemplate,
  restoreTemplate,
  templateQuery,
  templatesQuery,
  versionQuery,
  versionsQuery,
} from "../api.ts";
import { differences, draftOf } from "../draft.ts";
import styles from "../editor/editor.module.css";
import type { TemplateEditor } from "../editor/use-template-editor.ts";
import { DifferencesView } from "./differences-view.tsx";
import * as t from "./strings.ts";
import { VersionTable } from "./version-table.tsx";

/** What a built-in template was before anybody changed it. */
const builtIn: TemplateVersion = { version: 0, at: null, by: null, note: null, change: "created" };

export function TemplateVersions({ editor }: { editor: TemplateEditor }) {
  const { base } = editor;
  const { data: versions, error } = useQuery(versionsQuery(base.name));
  const canReset = base.isBuiltIn && base.isEdited;
  return (
    <Card title={t.title} aside={(canReset || !base.isBuiltIn) && <RemoveTemplate editor={editor} />}>
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
            await editor.load(await restoreTemplate(base.name, version, base.version));
          }}
        />
      )}
    </Card>
  );
}

function Comparison({ editor: { base }, version }: { editor: TemplateEditor; version: number }) {
  const { data, error } = useQuery(versionQuery(base.name, version));
  if (error !== null) return <ProblemNotice error={error} />;
  if (data === undefined) return <SkeletonRows rows={3} />;
  return <DifferencesView differences={differences(draftOf(data), draftOf(base), base.isBuiltIn)} />;
}

/** Back to the built-in one, or gone for good. */
function RemoveTemplate({ editor }: { editor: TemplateEditor }) {
  const { name, isBuiltIn } = editor.base;
  const [asking, ask] = useState(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const removing = useMutation({
    mutationFn: () => removeTemplate(name),
    onSuccess: async () => {
      ask(false);
      if (isBuiltIn) {
        await editor.load(await queries.fetchQuery({ ...templateQuery(name), staleTime: 0 }));
        return;
      }
      queries.setQueryData(templatesQuery.queryKey, (list) => list?.filter((each) => each.name !== name));
      await navigate({ to: "/templates", ignoreBlocker: true });
      queries.removeQueries({ queryKey: templateQuery(name).queryKey });
      await queries.invalidateQueries({ queryKey: ["templates"] });
    },
  });
  return (
    <>
      <Button variant="subtle" color="bad" size="compact-sm" onClick={() => ask(true)}>
        {isBuiltIn ? t.reset : t.remove}
      </Button>
      <Confirm
        opened={asking}
        title={isBuiltIn ? t.resetTitle : t.removeTitle(name)}
        confirm={isBuiltIn ? t.reset : t.removeConfirm}
        busy={removing.isPending}
        error={removing.error}
        onConfirm={() => removing.mutate()}
        onClose={() => ask(false)}
      >
        {isBuiltIn ? t.resetBody : t.removeBody}
      </Confirm>
    </>
  );
}
