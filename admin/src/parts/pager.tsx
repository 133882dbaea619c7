import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Icon } from "./icon.tsx";
import styles from "./pager.module.css";
import * as t from "./strings.ts";

interface PagerProps {
  readonly label: string;
  readonly to: "/emails" | "/audit";
  /** What the other pages of the list share with this one. */
  readonly search: object;
  /** Where this page begins; undefined on the newest. */
  readonly after: string | undefined;
  /** Where the next page begins; null on the last. */
  readonly next: string | null;
}

/** Ways from a page of a list to the older ones and back; each has an address of its own. */
export function Pager({ label, to, search, after, next }: PagerProps) {
  if (after === undefined && next === null) return null;
  return (
    <nav className={styles.pager} aria-label={label}>
      {after !== undefined && (
        <Button
          renderRoot={(props) => <Link to={to} search={{ ...search, after: undefined }} {...props} />}
          variant="default"
          leftSection={<Icon name="chevronLeft" size={16} />}
        >
          {t.newest}
        </Button>
      )}
      {next !== null && (
        <Button
          className={styles.older}
          renderRoot={(props) => <Link to={to} search={{ ...search, after: next }} {...props} />}
          variant="default"
          rightSection={<Icon name="chevronRight" size={16} />}
        >
          {t.older}
        </Button>
      )}
    </nav>
  );
}
