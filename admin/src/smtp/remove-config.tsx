import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { SmtpConfig } from "../api/types.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Icon } from "../parts/icon.tsx";
import { configsQuery, removeConfig } from "./api.ts";
import * as t from "./strings.ts";

export function RemoveConfig({ config, isLast }: { config: SmtpConfig; isLast: boolean }) {
  const [asking, ask] = useState(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const removing = useMutation({
    mutationFn: () => removeConfig(config.id),
    onSuccess: async () => {
      await navigate({ to: "/settings/smtp", ignoreBlocker: true });
      await queries.invalidateQueries({ queryKey: configsQuery.queryKey });
    },
  });
  return (
    <>
      <Button
        variant="subtle"
        color="bad"
        leftSection={<Icon name="trash" size={16} />}
        onClick={() => ask(true)}
      >
        {t.remove}
      </Button>
      <Confirm
        opened={asking}
        title={t.removeTitle(config.name)}
        confirm={t.removeConfirm}
        busy={removing.isPending}
        error={removing.error}
        onConfirm={() => removing.mutate()}
        onClose={() => ask(false)}
      >
        {isLast ? t.removeBodyLast : t.removeBody}
      </Confirm>
    </>
  );
}
