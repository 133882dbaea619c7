import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { ApiProblem } from "../../api/problem.ts";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../../parts/page.tsx";
import { NotFound } from "../../shell/stray-pages.tsx";
import { templateQuery } from "../api.ts";
import * as page from "../strings.ts";
import { TemplateEditor } from "./template-editor.tsx";

const back = { label: page.title, to: "/templates" } as const;

export function TemplatePage() {
  const { name } = useParams({ from: "/shell/templates/$name" });
  const { data: template, error } = useQuery(templateQuery(name));
  if (error instanceof ApiProblem && error.code === "template.not_found") return <NotFound />;
  return (
    <Page title={name} back={back} lead={template?.description} isWide>
      {template !== undefined ? (
        <TemplateEditor key={name} saved={template} />
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
