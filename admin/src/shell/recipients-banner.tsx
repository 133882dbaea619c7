import { useQuery } from "@tanstack/react-query";
import { Icon } from "../parts/icon.tsx";
import { recipientsQuery } from "./api.ts";
import styles from "./shell.module.css";
import * as t from "./strings.ts";

/** Says above every page which recipients get mail, so an admin knows why an email did not arrive. */
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
