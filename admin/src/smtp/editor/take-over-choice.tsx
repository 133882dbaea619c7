import { Checkbox } from "@mantine/core";
import styles from "./editor.module.css";
import * as t from "./strings.ts";
import type { TakeOver } from "./use-take-over.ts";

export function TakeOverChoice({ takeOver }: { takeOver: TakeOver }) {
  return (
    <Checkbox
      className={styles.takeOver}
      label={t.takeOver}
      description={t.takeOverHint}
      checked={takeOver.isChosen}
      onChange={({ currentTarget: { checked } }) => takeOver.choose(checked)}
    />
  );
}
