import { Button, Group, Modal, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useId, useState } from "react";
import { ApiProblem, sortProblems } from "../api/problem.ts";
import type { ApiKey, NewApiKey } from "../api/types.ts";
import { CodeBlock } from "../parts/code-block.tsx";
import { Icon } from "../parts/icon.tsx";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import { SendExample } from "../parts/send-example.tsx";
import * as shared from "../strings.ts";
import { apiKeysQuery, createApiKey } from "./api.ts";
import styles from "./api-keys.module.css";
import * as t from "./strings.ts";

const scopes = Object.entries(t.scopeShort).map(([value, label]) => ({ value, label }));

/** Asks for name and scope, then shows the key. It is held nowhere but in this dialog. */
export function CreateKey() {
  const [opened, open] = useState(false);
  const [made, setMade] = useState<NewApiKey | null>(null);
  function close() {
    open(false);
    setMade(null);
  }
  return (
    <>
      <Button leftSection={<Icon name="plus" size={16} />} onClick={() => open(true)}>
        {t.create}
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title={made === null ? t.createTitle : t.createdTitle}
        size="lg"
        // A click beside it must not lose the key.
        closeOnClickOutside={made === null}
        closeButtonProps={{ "aria-label": shared.close }}
      >
        {made === null ? (
          <KeyForm onMade={setMade} onCancel={close} />
        ) : (
          <NewKey made={made} onDone={close} />
        )}
      </Modal>
    </>
  );
}

function KeyForm({ onMade, onCancel }: { onMade: (made: NewApiKey) => void; onCancel: () => void }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<ApiKey["scope"]>("send");
  const scopeLabel = useId();
  const queries = useQueryClient();
  const creating = useMutation({
    mutationFn: createApiKey,
    onSuccess: async (made) => {
      onMade(made);
      await queries.invalidateQueries({ queryKey: apiKeysQuery.queryKey });
    },
  });
  const problem = creating.error instanceof ApiProblem ? creating.error : null;
  const wrong = sortProblems(problem?.errors ?? [], ["name"]).fields.name;
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    creating.mutate({ name, scope });
  }
  return (
    <form onSubmit={submit}>
      <Stack gap={14}>
        {creating.error !== null && wrong === undefined && <ProblemNotice error={creating.error} />}
        <TextInput
          label={t.name}
          description={t.nameHint}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={wrong}
          required
          withAsterisk={false}
          data-autofocus
        />
        <div>
          <div id={scopeLabel} className={styles.label}>
            {t.scope}
          </div>
          <SegmentedControl
            aria-labelledby={scopeLabel}
            data={scopes}
            value={scope}
            onChange={(value) => setScope(value === "admin" ? "admin" : "send")}
          />
          <p className={styles.hint}>{t.scopes[scope]}</p>
        </div>
        <Group justify="flex-end" gap={8}>
          <Button variant="default" onClick={onCancel}>
            {shared.cancel}
          </Button>
          <Button type="submit" loading={creating.isPending}>
            {t.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function NewKey({ made, onDone }: { made: NewApiKey; onDone: () => void }) {
  return (
    <Stack gap={14}>
      <Notice tone="warn" title={t.createdBody} />
      <CodeBlock code={made.key} label={made.name} />
      <div>
        <p className={styles.hint}>{t.tryIt}</p>
        <SendExample apiKey={made.key} />
      </div>
      <Group justify="flex-end">
        <Button onClick={onDone}>{t.done}</Button>
      </Group>
    </Stack>
  );
}
