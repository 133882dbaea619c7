import { Button, Group, Modal, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import { ApiProblem, sortProblems } from "../../api/problem.ts";
import type { TemplateInfo } from "../../api/types.ts";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import * as shared from "../../strings.ts";
import { saveTemplate, templateQuery } from "../api.ts";
import { copyOf } from "./copy-of.ts";
import * as t from "./strings.ts";

/** Asks for a name, and makes a template that works: it is written on its own page. */
export function NewTemplate({ templates }: { templates: readonly TemplateInfo[] }) {
  const [opened, open] = useState(false);
  return (
    <>
      <Button leftSection={<Icon name="plus" size={16} />} onClick={() => open(true)}>
        {t.createOpen}
      </Button>
      <Modal
        opened={opened}
        onClose={() => open(false)}
        title={t.createTitle}
        size="lg"
        closeButtonProps={{ "aria-label": shared.close }}
      >
        <NewTemplateForm templates={templates} onCancel={() => open(false)} />
      </Modal>
    </>
  );
}

const fields = ["name", "description"] as const;

interface NewTemplateFormProps {
  readonly templates: readonly TemplateInfo[];
  readonly onCancel: () => void;
}

function NewTemplateForm({ templates, onCancel }: NewTemplateFormProps) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [from, setFrom] = useState("");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const creating = useMutation({
    mutationFn: async () => {
      const content = from === "" ? blank() : copyOf(await queries.fetchQuery(templateQuery(from)));
      return saveTemplate(name, { ...content, description, version: 0 });
    },
    onSuccess: async (template) => {
      queries.setQueryData(templateQuery(template.name).queryKey, template);
      await queries.invalidateQueries({ queryKey: ["templates", "list"] });
      await navigate({ to: "/templates/$name", params: { name: template.name } });
    },
  });
  const problem = creating.error instanceof ApiProblem ? creating.error : null;
  const faults = sortProblems(problem?.errors ?? [], fields);
  const isPlaced = Object.keys(faults.fields).length > 0 && faults.rest.length === 0;

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    creating.mutate();
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap={14}>
        {creating.error !== null && !isPlaced && <ProblemNotice error={creating.error} />}
        <TextInput
          label={t.createName}
          description={t.createNameHint}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={faults.fields.name}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <TextInput
          label={t.createDescription}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={faults.fields.description}
          maxLength={200}
          autoComplete="off"
        />
        <NativeSelect
          label={t.createFrom}
          data={[
            { value: "", label: t.createBlank },
            ...templates.map((template) => ({ value: template.name, label: t.createCopyOf(template.name) })),
          ]}
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <Group justify="flex-end" gap={8}>
          <Button variant="default" onClick={onCancel}>
            {shared.cancel}
          </Button>
          <Button type="submit" loading={creating.isPending}>
            {t.createSubmit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function blank() {
  const { subject, preheader, mjml, schema, example } = t.createStart;
  return { schema, example, sources: { en: { subject, preheader, mjml, text: null } } };
}
