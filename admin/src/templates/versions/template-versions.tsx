import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  removeTemplate,
  restoreTemplate,
  templateQuery,
  templatesQuery,
  versionQuery,
  versionsQuery,
} from "../api.ts";
import { differences, draftOf } from "../draft.ts";
import type { TemplateEditor } from "../editor/use-template-editor.ts";
import * as t from "./strings.ts";
import { Comparison, RemoveButton, VersionsCard } from "./versions-card.tsx";

export function TemplateVersions({ editor }: { editor: TemplateEditor }) {
  const { base } = editor;
  const canReset = base.isBuiltIn && base.isEdited;
  return (
    <VersionsCard
      versions={useQuery(versionsQuery(base.name))}
      base={base}
      aside={(canReset || !base.isBuiltIn) && <RemoveTemplate editor={editor} />}
      compare={(version) => (
        <Comparison
          query={versionQuery(base.name, version)}
          differences={(earlier) => differences(draftOf(earlier), draftOf(base), base.isBuiltIn)}
        />
      )}
      onRestore={async (version) => editor.load(await restoreTemplate(base.name, version, base.version))}
    />
  );
}

/** Back to the built-in one, or gone for good. */
function RemoveTemplate({ editor }: { editor: TemplateEditor }) {
  const { name, isBuiltIn } = editor.base;
  const navigate = useNavigate();
  const queries = useQueryClient();

  async function showRemoved(): Promise<void> {
    if (isBuiltIn) {
      await editor.load(await queries.fetchQuery({ ...templateQuery(name), staleTime: 0 }));
      return;
    }
    queries.setQueryData(templatesQuery.queryKey, (list) => list?.filter((each) => each.name !== name));
    await navigate({ to: "/templates", ignoreBlocker: true });
    queries.removeQueries({ queryKey: templateQuery(name).queryKey });
    await queries.invalidateQueries({ queryKey: ["templates"] });
  }

  const reset = { button: t.reset, title: t.resetTitle, body: t.resetBody };
  const remove = { button: t.remove, title: t.removeTitle(name), body: t.removeBody };
  return (
    <RemoveButton
      words={isBuiltIn ? reset : remove}
      confirm={isBuiltIn ? t.reset : t.removeConfirm}
      remove={() => removeTemplate(name)}
      onRemoved={showRemoved}
    />
  );
}
