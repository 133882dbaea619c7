import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { partsQuery, partVersionQuery, partVersionsQuery, removePart, restorePart } from "../api.ts";
import { partDifferences } from "../draft.ts";
import type { PartEditor } from "../editor/use-part-editor.ts";
import * as t from "./strings.ts";
import { Comparison, RemoveButton, VersionsCard } from "./versions-card.tsx";

export function PartVersions({ editor }: { editor: PartEditor }) {
  const { base } = editor;
  return (
    <VersionsCard
      versions={useQuery(partVersionsQuery(base.name))}
      base={base}
      aside={(!base.isBuiltIn || base.isEdited) && <RemovePart editor={editor} />}
      compare={(version) => (
        <Comparison
          query={partVersionQuery(base.name, version)}
          differences={(earlier) => partDifferences(earlier, base)}
        />
      )}
      onRestore={async (version) => editor.load(await restorePart(base.name, version, base.version))}
    />
  );
}

/** Back to the built-in layout, or the partial is gone for good. */
function RemovePart({ editor }: { editor: PartEditor }) {
  const { name, isBuiltIn } = editor.base;
  const navigate = useNavigate();
  const queries = useQueryClient();

  async function showRemoved(): Promise<void> {
    if (!isBuiltIn) await navigate({ to: "/templates", ignoreBlocker: true });
    const parts = await queries.fetchQuery({ ...partsQuery, staleTime: 0 });
    const part = parts.find((each) => each.name === name);
    if (part !== undefined) await editor.load(part);
  }

  const reset = { button: t.reset, title: t.partResetTitle, body: t.resetBody };
  const remove = { button: t.partRemove, title: t.partRemoveTitle(name), body: t.partRemoveBody };
  return (
    <RemoveButton
      words={isBuiltIn ? reset : remove}
      confirm={isBuiltIn ? t.reset : t.removeConfirm}
      remove={() => removePart(name)}
      onRemoved={showRemoved}
    />
  );
}
