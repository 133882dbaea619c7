import { SegmentedControl } from "@mantine/core";
import styles from "./editor.module.css";
import * as t from "./strings.ts";

/** Which half of an editor is shown where there is no room for both. */
export type View = "write" | "preview";

export function ViewSwitch({ view, onChange }: { view: View; onChange: (view: View) => void }) {
  return (
    <SegmentedControl
      className={styles.switch}
      aria-label={t.views}
      data={[
        { value: "write", label: t.write },
        { value: "preview", label: t.viewPreview },
      ]}
      value={view}
      onChange={(value) => onChange(value === "preview" ? "preview" : "write")}
      fullWidth
    />
  );
}
