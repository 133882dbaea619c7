import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { SmtpConfig } from "../../api/types.ts";
import { ProblemNotice } from "../../parts/notice.tsx";
import { resumeConfig } from "../api.ts";
import { showConfig } from "../show-config.ts";
import * as t from "./strings.ts";

interface ResumeConfigProps {
  readonly config: SmtpConfig;
  /** The button is gone then: whoever has the focus is to get it elsewhere. */
  readonly onResumed: () => void;
}

/** Ends a pause, for whoever has mended what it was for. */
export function ResumeConfig({ config, onResumed }: ResumeConfigProps) {
  const queries = useQueryClient();
  const resuming = useMutation({
    mutationFn: () => resumeConfig(config.id),
    onSuccess(resumed) {
      showConfig(queries, resumed);
      onResumed();
    },
  });
  return (
    <>
      <Button
        variant="default"
        size="xs"
        aria-label={t.resumeNamed(config.name)}
        loading={resuming.isPending}
        onClick={() => resuming.mutate()}
      >
        {t.resume}
      </Button>
      {resuming.error !== null && <ProblemNotice error={resuming.error} />}
    </>
  );
}
