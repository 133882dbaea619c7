/** Where a text is read; each area has a file of its texts beside this one. */
export type Area =
  | "pages"
  | "explanations"
  | "dns"
  | "monitoring"
  | "errors"
  | "problems"
  | "logs"
  | "openapi"
  | "cli"
  | "providers"
  | "options"
  | "emails"
  | "translations";

/** What the syntax around a text says about it. */
export type Context = "error" | "problem" | "log" | "summary" | "description" | "page";

const ofContext: Partial<Record<Context, Area>> = { error: "errors", problem: "problems", log: "logs" };

/** The first that the path begins with decides. */
const ofPath: readonly (readonly [path: string, area: Area])[] = [
  ["admin/src/", "pages"],
  ["src/diagnosis/test-email.ts", "emails"],
  ["src/monitoring/alert-emails.ts", "emails"],
  ["src/accounts/account-emails.ts", "emails"],
  ["src/templates/builtin/", "emails"],
  ["src/diagnosis/", "explanations"],
  ["src/discovery/", "explanations"],
  ["src/sender-dns/", "dns"],
  ["src/monitoring/", "monitoring"],
  ["src/providers/", "providers"],
  ["src/core/environment.ts", "options"],
  ["src/cli/", "cli"],
  ["src/http/resources/", "openapi"],
  ["src/http/schema/", "openapi"],
];

/** The area of a text in a file. A field error is an error, wherever it is written. */
export function areaOfPath(file: string, context: Context | null): Area {
  const area = context === null ? undefined : ofContext[context];
  if (area !== undefined) return area;
  const found = ofPath.find(([path]) => file.startsWith(path))?.[1];
  if (found !== undefined) return found;
  return context === "summary" || context === "description" ? "openapi" : "errors";
}

/** Tests, the parts for other people's tests, and SQL are no texts of the product. */
export function isRead(file: string): boolean {
  return !/\.test\.tsx?$|^src\/testing\/|^src\/store\/(?:migrations|tables)\//.test(file);
}
