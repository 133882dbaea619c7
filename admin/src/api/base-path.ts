/** The path under which the server shows these pages, with a slash at its end: `/` or `/mail/`. */
export const basePath = new URL(document.baseURI).pathname.replace(/[^/]*$/, "");

/** The address of a route of the API, whose `path` is written without a slash before it. */
export function apiUrl(path: string): string {
  return `${basePath}${path}`;
}
