import { useQuery } from "@tanstack/react-query";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../parts/page.tsx";
import { settingsQuery } from "../settings/api.ts";
import { BrandEditor } from "./brand-editor.tsx";
import * as t from "./strings.ts";

/** How the emails of this installation look. */
export function BrandPage() {
  const { data: settings, error } = useQuery(settingsQuery);
  return (
    <Page title={t.title} lead={t.lead}>
      {settings !== undefined ? (
        <BrandEditor settings={settings} />
      ) : error === null ? (
        <Card>
          <SkeletonRows rows={5} />
        </Card>
      ) : (
        <ProblemNotice error={error} />
      )}
    </Page>
  );
}
