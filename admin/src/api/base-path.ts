/** The path under which the server shows these pages, with a slash at its end: `/` or `/mail/`. */
export const basePath = new URL(document.baseURI).pathname.replace(/[^/]*$/, "");

/** An address of the server for a link, such as `api/openapi.json`. */
export function serverUrl(path: string): string {
  return basePath + path;
}
