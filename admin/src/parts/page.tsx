import { Link, type LinkProps } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { Icon } from "./icon.tsx";
import { Mark } from "./mark.tsx";
import styles from "./page.module.css";
import * as t from "./strings.ts";

interface PageProps {
  readonly title: string;
  /** The browser's tab, where it differs from the title. */
  readonly tab?: string;
  readonly lead?: ReactNode;
  readonly back?: { readonly label: string; readonly to: NonNullable<LinkProps["to"]> };
  readonly actions?: ReactNode;
  /** Work is done here that wants all the room there is. */
  readonly isWide?: boolean;
  readonly children: ReactNode;
}

/** The frame of every page inside the shell: one heading, one line of purpose, its actions. */
export function Page({ title, tab = title, lead, back, actions, isWide, children }: PageProps) {
  useTitle(tab);
  return (
    <div className={`${styles.page} ${isWide === true ? styles.wide : ""}`}>
      <header className={styles.head}>
        <div className={styles.words}>
          {back !== undefined && (
            <Link className={styles.back} to={back.to}>
              <Icon name="chevronLeft" size={16} />
              {back.label}
            </Link>
          )}
          <h1>{title}</h1>
          {lead !== undefined && <div className={styles.lead}>{lead}</div>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = t.titleOf(title);
  }, [title]);
}

/** As after a change of the page: for when what had the focus is gone. */
export function focusPage(): void {
  document.querySelector("main")?.focus({ preventScroll: true });
}

interface CardProps {
  readonly title?: string;
  readonly aside?: ReactNode;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

export function Card({ title, aside, className, children }: CardProps) {
  return (
    <section className={`${styles.card} ${className ?? ""}`} aria-label={title}>
      {title !== undefined && (
        <div className={styles.cardHead}>
          <h2>{title}</h2>
          {aside}
        </div>
      )}
      {children}
    </section>
  );
}

/** Nothing here yet, and the next step. */
export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={styles.empty}>
      <Mark size={44} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** A place kept for text that is on its way; `width` is any CSS length. */
function Skeleton({ width = "100%", height }: { width?: string; height?: string }) {
  return <span className={styles.skeleton} style={{ width, ...(height === undefined ? {} : { height }) }} />;
}

/** The rows of a list that is on its way. */
export function SkeletonRows({ rows = 6 }: { rows?: number }) {
  return (
    <div role="status" aria-label={t.loading} style={{ display: "grid", gap: 20, padding: "18px 16px" }}>
      {Array.from({ length: rows }, (_, row) => `${88 - ((row * 17) % 41)}%`).map((width) => (
        <Skeleton key={width} width={width} />
      ))}
    </div>
  );
}
