import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../../parts/page.tsx";
import { NotFound } from "../../shell/stray-pages.tsx";
import { strings } from "../../strings.ts";
import { partsQuery } from "../api.ts";
import { PartEditor } from "./part-editor.tsx";

const t = strings.templates;
const back = { label: t.title, to: "/templates" } as const;

export function PartPage() {
  const { name } = useParams({ from: "/shell/templates/parts/$name" });
  const { data: parts, error } = useQuery(partsQuery);
  const part = parts?.find((each) => each.name === name);
  if (parts !== undefined && part === undefined) return <NotFound />;
  return (
    <Page
      title={name}
      back={back}
      lead={
        part !== undefined && `${part.isBuiltIn ? t.parts.layout : t.parts.partial(name)} ${t.parts.lead}`
      }
      isWide
    >
      {part !== undefined ? (
        <PartEditor key={name} saved={part} />
      ) : error === null ? (
        <Card>
          <SkeletonRows />
        </Card>
      ) : (
        <ProblemNotice error={error} />
      )}
    </Page>
  );
}
