import { Button, VisuallyHidden } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiKey } from "../api/types.ts";
import { Badge } from "../parts/badge.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Empty, Page, SkeletonRows } from "../parts/page.tsx";
import table from "../parts/table.module.css";
import { Time } from "../parts/time.tsx";
import { apiKeysQuery, revokeApiKey } from "./api.ts";
import styles from "./api-keys.module.css";
import { CreateKey } from "./create-key.tsx";
import * as t from "./strings.ts";

export function ApiKeysPage() {
  const keys = useQuery(apiKeysQuery);
  return (
    <Page title={t.title} lead={t.lead} actions={<CreateKey />}>
      {keys.error !== null && keys.data === undefined ? (
        <ProblemNotice error={keys.error} />
      ) : (
        <Card>
          {keys.data === undefined ? (
            <SkeletonRows rows={3} />
          ) : keys.data.length === 0 ? (
            <Empty title={t.emptyTitle}>
              <p>{t.empty}</p>
            </Empty>
          ) : (
            <KeyTable keys={keys.data} />
          )}
        </Card>
      )}
    </Page>
  );
}

function KeyTable({ keys }: { keys: readonly ApiKey[] }) {
  return (
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">{t.columnName}</th>
          <th scope="col">{t.columnScope}</th>
          <th scope="col">{t.columnKey}</th>
          <th scope="col">{t.columnCreated}</th>
          <th scope="col">{t.columnLastUsed}</th>
          <th scope="col">
            <VisuallyHidden>{t.revoke}</VisuallyHidden>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.id}>
            <td className={styles.name}>{key.name}</td>
            <td>
              <Badge tone={key.scope === "admin" ? "warn" : "quiet"}>{t.scopeShort[key.scope]}</Badge>
            </td>
            <td className={table.soft}>
              <code>{key.prefix}…</code>
            </td>
            <td className={`${table.soft} ${table.nowrap}`} data-label={t.columnCreated}>
              <Time iso={key.createdAt} />
            </td>
            <td className={`${table.soft} ${table.nowrap}`} data-label={t.columnLastUsed}>
              {key.lastUsedAt === null ? t.never : <Time iso={key.lastUsedAt} />}
            </td>
            <td className={table.end}>
              <RevokeButton apiKey={key} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RevokeButton({ apiKey }: { apiKey: ApiKey }) {
  const [asking, ask] = useState(false);
  const queries = useQueryClient();
  const revoking = useMutation({
    mutationFn: () => revokeApiKey(apiKey.id),
    onSuccess: async () => {
      ask(false);
      await queries.invalidateQueries({ queryKey: apiKeysQuery.queryKey });
    },
  });
  return (
    <>
      <Button variant="subtle" color="bad" size="compact-sm" onClick={() => ask(true)}>
        {t.revoke}
      </Button>
      <Confirm
        opened={asking}
        title={t.revokeTitle(apiKey.name)}
        confirm={t.revoke}
        busy={revoking.isPending}
        error={revoking.error}
        onConfirm={() => revoking.mutate()}
        onClose={() => ask(false)}
      >
        {t.revokeBody}
      </Confirm>
    </>
  );
}
