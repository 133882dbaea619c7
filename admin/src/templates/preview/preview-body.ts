import type { TemplateInfo } from "../../api/types.ts";
import { readData } from "../../parts/read-data.ts";
import type { PreviewBody } from "../api.ts";
import type { Draft } from "../draft.ts";

/** What to render of a draft; null while its data is no JSON. */
export function previewBody(
  draft: Draft,
  locale: string,
  { isBuiltIn }: Pick<TemplateInfo, "isBuiltIn">,
): PreviewBody | null {
  const source = draft.sources[locale];
  const example = readData(draft.example);
  if (source === undefined || example === null) return null;
  if (isBuiltIn) return { locale, source, data: example };
  const schema = readData(draft.schema);
  return schema === null ? null : { locale, source, schema, example, sensitive: draft.sensitive };
}
