import { Button, Group, Modal } from "@mantine/core";
import type { ReactNode } from "react";
import * as shared from "../strings.ts";
import { ProblemNotice } from "./notice.tsx";

interface ConfirmProps {
  readonly opened: boolean;
  readonly title: string;
  readonly children: ReactNode;
  readonly confirm: string;
  readonly keep?: string;
  readonly destroys?: boolean;
  readonly busy?: boolean;
  readonly error?: unknown;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before what cannot be undone. The focus starts on the harmless answer. */
export function Confirm(props: ConfirmProps) {
  const { opened, title, children, confirm, keep = shared.cancel, destroys = true } = props;
  return (
    <Modal
      opened={opened}
      onClose={props.onClose}
      title={title}
      closeButtonProps={{ "aria-label": shared.close }}
    >
      <p style={{ color: "var(--sw-text-soft)" }}>{children}</p>
      {props.error !== undefined && props.error !== null && (
        <div style={{ marginTop: 12 }}>
          <ProblemNotice error={props.error} />
        </div>
      )}
      <Group justify="flex-end" gap={8} mt={20}>
        <Button variant="default" onClick={props.onClose} data-autofocus>
          {keep}
        </Button>
        <Button
          {...(destroys ? { color: "bad" } : {})}
          loading={props.busy === true}
          onClick={props.onConfirm}
        >
          {confirm}
        </Button>
      </Group>
    </Modal>
  );
}
