import { Switch } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ProblemNotice } from "../../parts/notice.tsx";
import { saveSettings, settingsQuery } from "../../settings/api.ts";
import styles from "./history.module.css";
import * as t from "./strings.ts";

/** Whether configs return by themselves when a change fails. One for all configs, saved at once. */
export function RollbackSetting() {
  const queries = useQueryClient();
  const { data: settings } = useQuery(settingsQuery);
  const saving = useMutation({
    mutationFn: async (returnFailedChanges: boolean) => {
      const seen = settings ?? (await queries.fetchQuery(settingsQuery));
      return saveSettings(queries, seen, { returnFailedChanges }, ["returnFailedChanges"]);
    },
  });
  if (settings === undefined) return null;
  return (
    <div className={styles.setting}>
      <Switch
        label={t.rollbackLabel}
        description={t.rollbackHint}
        checked={saving.isPending ? saving.variables : settings.returnFailedChanges}
        onChange={(event) => saving.mutate(event.currentTarget.checked)}
      />
      {saving.error !== null && <ProblemNotice error={saving.error} />}
    </div>
  );
}
