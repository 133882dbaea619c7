import type { Services } from "../services.ts";
import { createApp } from "./app.ts";
import { type Authorize, askHost } from "./host-admin.ts";

export interface HandlerOptions {
  /**
   * Who sends this request, if they may administer Sendwright. For everybody else null, undefined or false,
   * or a Response, such as a redirect to the host's sign-in, which is then the reply. Any other answer, and
   * an error, refuses the request with the status 500. Asked for each request to the API that has no API
   * key, and for each page. Cross-site requests are refused before.
   */
  readonly authorize: Authorize;
  /**
   * The path at which the host shows Sendwright, such as `/mail`, whether or not the host takes it off
   * before. Default: links are relative, which suits hosts that do.
   */
  readonly basePath?: string;
  /** Where browsers see the host, if a proxy gives it another name. */
  readonly publicUrl?: string;
}

/** Pages and API as a web-standard fetch handler. */
export function createHandler(
  services: Services,
  { authorize, ...options }: HandlerOptions,
): (request: Request) => Promise<Response> {
  const app = createApp(services, {
    ...options,
    signedIn: (request) => askHost(authorize, request, services.log),
  });
  return async (request) => app.fetch(request);
}
