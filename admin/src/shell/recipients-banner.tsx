import { useQuery } from "@tanstack/react-query";
import { Icon } from "../parts/icon.tsx";
import { recipientsQuery } from "./api.ts";
import styles from "./shell.module.css";
import * as t from "./strings.ts";

/** Above every page: that not everybody gets mail, so nobody looks for it in vain. */
export function RecipientsBanner() {
  const { data: recipients } = useQuery(recipientsQuery);
  if (recipients == null || recipients.rule === "all") return null;
  return (
    <section className={styles.recipients} aria-label={t.recipientsTitle}>
      <Icon name="lock" />
      <p>{t.recipients[recipients.rule](recipients.to.join(", "))}</p>
    </section>
  );
}
