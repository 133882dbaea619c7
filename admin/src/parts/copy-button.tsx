import { Button } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { Icon } from "./icon.tsx";
import * as t from "./strings.ts";

/** Copies `value`; what was done is said in the button itself. */
export function CopyButton({ value, label = t.copy }: { value: string; label?: string }) {
  const clipboard = useClipboard({ timeout: 2_000 });
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<Icon name={clipboard.copied ? "check" : "copy"} size={15} />}
      onClick={() => clipboard.copy(value)}
    >
      <span aria-live="polite">{clipboard.copied ? t.copied : label}</span>
    </Button>
  );
}
