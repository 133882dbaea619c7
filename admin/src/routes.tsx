import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { basePath } from "./api/base-path.ts";
import { emailSearch } from "./emails/search.ts";
import { sessionQuery } from "./session/session.ts";
import { Shell } from "./shell/shell.tsx";
import { Crashed, NotFound } from "./shell/stray-pages.tsx";
import { type ConsentSearch, consentOutcomes } from "./smtp/oauth/consent-search.ts";

/** The address of every page. Each page's script is fetched when it is first wanted. */

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
});

/** An address within these pages, never another site's: what follows sign-in comes from the URL. */
function within(back: unknown): string | undefined {
  return typeof back === "string" && /^\/(?![/\\])/.test(back) ? back : undefined;
}

interface SignInSearch {
  /** Where to go on. */
  readonly back?: string | undefined;
  readonly ended?: true | undefined;
  readonly changed?: true | undefined;
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search): SignInSearch => ({
    back: within(search.back),
    ended: search.ended === true ? true : undefined,
    changed: search.changed === true ? true : undefined,
  }),
  component: lazyRouteComponent(() => import("./session/sign-in-page.tsx"), "SignInPage"),
});

const forgotPassword = createRoute({
  getParentRoute: () => root,
  path: "/forgot-password",
  component: lazyRouteComponent(() => import("./session/forgot-password-page.tsx"), "ForgotPasswordPage"),
});

const resetPassword = createRoute({
  getParentRoute: () => root,
  path: "/reset-password",
  component: lazyRouteComponent(() => import("./session/reset-password-page.tsx"), "ResetPasswordPage"),
});

const firstAdmin = createRoute({
  getParentRoute: () => root,
  path: "/first-admin",
  component: lazyRouteComponent(() => import("./session/first-admin-page.tsx"), "FirstAdminPage"),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    const me = await context.queries.ensureQueryData(sessionQuery);
    if (me === null) throw redirect({ to: "/sign-in", search: { back: location.href } });
  },
});

const overview = createRoute({
  getParentRoute: () => shell,
  path: "/",
  component: lazyRouteComponent(() => import("./overview/overview-page.tsx"), "OverviewPage"),
});

const consentSearch = (search: Record<string, unknown>): ConsentSearch => ({
  consent: consentOutcomes.find((outcome) => outcome === search.consent),
});

const smtp = createRoute({
  getParentRoute: () => shell,
  path: "/settings/smtp",
  validateSearch: consentSearch,
  component: lazyRouteComponent(() => import("./smtp/settings-page.tsx"), "SettingsPage"),
});

const smtpNew = createRoute({
  getParentRoute: () => shell,
  path: "/settings/smtp/new",
  component: lazyRouteComponent(() => import("./smtp/settings-page.tsx"), "NewConfigPage"),
});

const smtpConfig = createRoute({
  getParentRoute: () => shell,
  path: "/settings/smtp/$id",
  validateSearch: consentSearch,
  component: lazyRouteComponent(() => import("./smtp/settings-page.tsx"), "ConfigPage"),
});

const retention = createRoute({
  getParentRoute: () => shell,
  path: "/settings/retention",
  component: lazyRouteComponent(() => import("./retention/retention-page.tsx"), "RetentionPage"),
});

const monitoring = createRoute({
  getParentRoute: () => shell,
  path: "/settings/watching",
  component: lazyRouteComponent(() => import("./monitoring/monitoring-page.tsx"), "MonitoringPage"),
});

const emails = createRoute({
  getParentRoute: () => shell,
  path: "/emails",
  validateSearch: emailSearch,
  component: lazyRouteComponent(() => import("./emails/list/list-page.tsx"), "EmailListPage"),
});

const email = createRoute({
  getParentRoute: () => shell,
  path: "/emails/$id",
  component: lazyRouteComponent(() => import("./emails/email/email-page.tsx"), "EmailPage"),
});

const sandbox = createRoute({
  getParentRoute: () => shell,
  path: "/sandbox",
  component: lazyRouteComponent(() => import("./sandbox/inbox-page.tsx"), "InboxPage"),
});

const sandboxEmail = createRoute({
  getParentRoute: () => shell,
  path: "/sandbox/$id",
  component: lazyRouteComponent(() => import("./sandbox/inbox-page.tsx"), "InboxPage"),
});

const apiKeys = createRoute({
  getParentRoute: () => shell,
  path: "/api-keys",
  component: lazyRouteComponent(() => import("./api-keys/api-keys-page.tsx"), "ApiKeysPage"),
});

const templates = createRoute({
  getParentRoute: () => shell,
  path: "/templates",
  component: lazyRouteComponent(() => import("./templates/list/list-page.tsx"), "TemplateListPage"),
});

const template = createRoute({
  getParentRoute: () => shell,
  path: "/templates/$name",
  component: lazyRouteComponent(() => import("./templates/editor/template-page.tsx"), "TemplatePage"),
});

const templatePart = createRoute({
  getParentRoute: () => shell,
  path: "/templates/parts/$name",
  component: lazyRouteComponent(() => import("./templates/editor/part-page.tsx"), "PartPage"),
});

const brand = createRoute({
  getParentRoute: () => shell,
  path: "/settings/brand",
  component: lazyRouteComponent(() => import("./brand/brand-page.tsx"), "BrandPage"),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  validateSearch: (search): { after?: string | undefined } => ({
    after: typeof search.after === "string" ? search.after : undefined,
  }),
  component: lazyRouteComponent(() => import("./audit/audit-page.tsx"), "AuditPage"),
});

const account = createRoute({
  getParentRoute: () => shell,
  path: "/account",
  component: lazyRouteComponent(() => import("./account/account-page.tsx"), "AccountPage"),
});

const apiDocs = createRoute({
  getParentRoute: () => shell,
  path: "/api/docs",
  component: lazyRouteComponent(() => import("./api-docs/api-docs-page.tsx"), "ApiDocsPage"),
});

const stray = createRoute({
  getParentRoute: () => shell,
  path: "$",
  component: NotFound,
});

const tree = root.addChildren([
  signIn,
  forgotPassword,
  resetPassword,
  firstAdmin,
  shell.addChildren([
    overview,
    smtp,
    smtpNew,
    smtpConfig,
    monitoring,
    retention,
    emails,
    email,
    sandbox,
    sandboxEmail,
    apiKeys,
    templates,
    template,
    templatePart,
    brand,
    audit,
    account,
    apiDocs,
    stray,
  ]),
]);

export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    basepath: basePath,
    context: { queries },
    defaultErrorComponent: Crashed,
    defaultPreload: "intent",
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
