import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../../parts/page.tsx";
import { NotFound } from "../../shell/stray-pages.tsx";
import { partsQuery } from "../api.ts";
import * as page from "../strings.ts";
import { PartEditor } from "./part-editor.tsx";
import * as t from "./strings.ts";

const back = { label: page.title, to: "/templates" } as const;

export function PartPage() {
  const { name } = useParams({ from: "/shell/templates/parts/$name" });
  const { data: parts, error } = useQuery(partsQuery);
  const part = parts?.find((each) => each.name === name);
  if (parts !== undefined && part === undefined) return <NotFound />;
  return (
    <Page
      title={name}
      back={back}
      lead={part !== undefined && `${part.isBuiltIn ? page.layout : page.partial(name)} ${t.partLead}`}
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
