import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import { ApiProblem, sortProblems } from "../../api/problem.ts";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import * as shared from "../../strings.ts";
import { partsQuery, savePart } from "../api.ts";
import * as t from "./strings.ts";

export function NewPart() {
  const [opened, open] = useState(false);
  return (
    <>
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<Icon name="plus" size={14} />}
        onClick={() => open(true)}
      >
        {t.partCreate}
      </Button>
      <Modal
        opened={opened}
        onClose={() => open(false)}
        title={t.partCreateTitle}
        closeButtonProps={{ "aria-label": shared.close }}
      >
        <NewPartForm onCancel={() => open(false)} />
      </Modal>
    </>
  );
}

function NewPartForm({ onCancel }: { onCancel: () => void }) {
  const [name, setName] = useState("");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const creating = useMutation({
    mutationFn: () => savePart(name, { mjml: t.partStart, text: null, version: 0 }),
    onSuccess: async (part) => {
      await queries.invalidateQueries({ queryKey: partsQuery.queryKey });
      await navigate({ to: "/templates/parts/$name", params: { name: part.name } });
    },
  });
  const problem = creating.error instanceof ApiProblem ? creating.error : null;
  const wrong = sortProblems(problem?.errors ?? [], ["name"]).fields.name;

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    creating.mutate();
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap={14}>
        {creating.error !== null && wrong === undefined && <ProblemNotice error={creating.error} />}
        <TextInput
          label={t.createName}
          description={t.partCreateHint}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={wrong}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <Group justify="flex-end" gap={8}>
          <Button variant="default" onClick={onCancel}>
            {shared.cancel}
          </Button>
          <Button type="submit" loading={creating.isPending}>
            {t.partCreateTitle}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
