import { TextInput } from "@mantine/core";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { serverUrl } from "../api/base-path.ts";
import { request } from "../api/request.ts";
import { Icon } from "../parts/icon.tsx";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../parts/page.tsx";
import { Prose } from "../parts/prose.tsx";
import { SendExample } from "../parts/send-example.tsx";
import styles from "./api-docs.module.css";
import { type OpenApiDocument, type RouteDoc, routesOf } from "./openapi.ts";
import { RouteDetails } from "./route-details.tsx";
import * as t from "./strings.ts";

const documentQuery = queryOptions({
  queryKey: ["openapi"],
  queryFn: async () => (await (await request(serverUrl("api/openapi.json"))).json()) as OpenApiDocument,
  staleTime: Number.POSITIVE_INFINITY,
});

/** The API, made readable from its OpenAPI document. */
export function ApiDocsPage() {
  const document = useQuery(documentQuery);
  const [filter, setFilter] = useState("");
  return (
    <Page
      title={t.title}
      lead={t.lead}
      actions={
        <a href={serverUrl("api/openapi.json")} target="_blank" rel="noreferrer">
          {t.download}
        </a>
      }
    >
      {document.error !== null && <ProblemNotice error={document.error} />}
      {document.isPending && (
        <Card>
          <SkeletonRows rows={10} />
        </Card>
      )}
      {document.data !== undefined && (
        <>
          <Card className={styles.intro}>
            {document.data.info.description !== undefined && (
              <p>
                <Prose text={document.data.info.description} />
              </p>
            )}
            <p>{t.authentication}</p>
            <SendExample />
          </Card>
          <TextInput
            className={styles.search}
            type="search"
            aria-label={t.filter}
            placeholder={t.filter}
            leftSection={<Icon name="search" size={16} />}
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
          />
          <Routes document={document.data} filter={filter.trim().toLowerCase()} />
        </>
      )}
    </Page>
  );
}

/** The groups in the order in which a newcomer wants them. */
const groups = [...Object.entries(t.groups), [null, t.otherGroup] as const];

function Routes({ document, filter }: { document: OpenApiDocument; filter: string }) {
  const routes = useMemo(() => routesOf(document), [document]);
  const found = routes.filter(({ id, summary }) => `${id} ${summary}`.toLowerCase().includes(filter));
  if (found.length === 0) return <p>{t.none}</p>;
  return groups.map(([group, title]) => (
    <Group key={title} title={title} routes={found.filter((route) => groupOf(route) === group)} />
  ));
}

function groupOf({ group }: RouteDoc): string | null {
  return group in t.groups ? group : null;
}

function Group({ title, routes }: { title: string; routes: readonly RouteDoc[] }) {
  if (routes.length === 0) return null;
  return (
    <section className={styles.group}>
      <h2>{title}</h2>
      <Card>
        {routes.map((route) => (
          <RouteDetails key={route.id} route={route} />
        ))}
      </Card>
    </section>
  );
}
