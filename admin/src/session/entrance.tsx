import type { ReactNode } from "react";
import { Mark } from "../parts/mark.tsx";
import { useTitle } from "../parts/page.tsx";
import * as shared from "../strings.ts";
import styles from "./entrance.module.css";

interface EntranceProps {
  readonly title: string;
  readonly lead?: string;
  readonly foot?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of the pages before sign-in. */
export function Entrance({ title, lead, foot, children }: EntranceProps) {
  useTitle(title);
  return (
    <main className={styles.entrance}>
      <div className={styles.box}>
        <div className={styles.brand}>
          <Mark size={34} />
          {shared.product}
        </div>
        <div className={styles.card}>
          <h1>{title}</h1>
          {lead !== undefined && <p className={styles.lead}>{lead}</p>}
          {children}
        </div>
        {foot !== undefined && <p className={styles.foot}>{foot}</p>}
      </div>
    </main>
  );
}
