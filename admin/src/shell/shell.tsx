import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { AlertBanner } from "../monitoring/alert-banner.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { Mark } from "../parts/mark.tsx";
import { sessionQuery } from "../session/session.ts";
import { SignOutButton } from "../session/sign-out-button.tsx";
import * as shared from "../strings.ts";
import { ColorSchemeButton } from "./color-scheme-button.tsx";
import { Outage } from "./outage.tsx";
import { RecipientsBanner } from "./recipients-banner.tsx";
import styles from "./shell.module.css";
import * as t from "./strings.ts";

const pages = [
  { to: "/", label: t.overview, icon: "chart" },
  { to: "/settings/smtp", label: t.smtp, icon: "settings" },
  { to: "/emails", label: t.emails, icon: "mail" },
  { to: "/templates", label: t.templates, icon: "template" },
  { to: "/settings/brand", label: t.brand, icon: "brush" },
  { to: "/sandbox", label: t.sandbox, icon: "sandbox" },
  { to: "/api-keys", label: t.apiKeys, icon: "key" },
  { to: "/settings/watching", label: t.monitoring, icon: "monitoring" },
  { to: "/settings/retention", label: t.retention, icon: "archive" },
  { to: "/audit", label: t.audit, icon: "list" },
  { to: "/api/docs", label: t.apiDocs, icon: "book" },
] as const satisfies readonly { to: string; label: string; icon: IconName }[];

/** What surrounds every page once somebody is signed in. */
export function Shell() {
  const [menuOpen, openMenu] = useState(false);
  const { data: me } = useQuery(sessionQuery);
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const shownPath = useRef(pathname);

  useEffect(() => {
    if (shownPath.current === pathname) return;
    shownPath.current = pathname;
    openMenu(false);
    // Without this a screen reader stays on the link of a page that is no longer shown.
    main.current?.focus({ preventScroll: true });
  }, [pathname]);

  return (
    <div className={styles.shell}>
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        {t.skipToContent}
      </button>
      <nav className={styles.rail} aria-label={t.navigation}>
        <div className={styles.bar}>
          <Link className={styles.brand} to="/">
            <Mark />
            {shared.product}
          </Link>
          <button
            type="button"
            className={styles.menuButton}
            aria-expanded={menuOpen}
            aria-controls="menu"
            aria-label={menuOpen ? t.closeMenu : t.openMenu}
            onClick={() => openMenu(!menuOpen)}
          >
            <Icon name={menuOpen ? "close" : "menu"} size={22} />
          </button>
        </div>
        <div className={styles.menu} id="menu" data-open={menuOpen ? "" : undefined}>
          <ul className={styles.pages}>
            {pages.map(({ to, label, icon }) => (
              <li key={to}>
                <Link className={styles.link} to={to} activeOptions={{ exact: to === "/" }}>
                  <Icon name={icon} />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
          <div className={styles.foot}>
            {me != null && (
              <Link className={styles.link} to="/account" title={shared.signedInAs(me.email ?? me.name)}>
                <Icon name="person" />
                <span className={styles.who}>{me.email ?? me.name}</span>
              </Link>
            )}
            <ColorSchemeButton className={styles.plain} />
            {me?.via === "session" && <SignOutButton className={styles.plain} />}
          </div>
        </div>
      </nav>
      <main className={styles.main} ref={main} tabIndex={-1}>
        <Outage />
        <RecipientsBanner />
        <AlertBanner />
        <Outlet />
      </main>
    </div>
  );
}
