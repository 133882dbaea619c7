import type { Posthorn } from "../posthorn.ts";
import { createApp } from "./app.ts";

/** An admin, as the host knows them. */
export interface HostAdmin {
  readonly id: string;
  readonly name: string;
}

export interface HandlerOptions {
  /**
   * Who sends this request, if they may administer Posthorn; null otherwise. Asked for each request
   * that has no API key. Cross-site requests are refused before.
   */
  readonly authorize: (request: Request) => HostAdmin | null | Promise<HostAdmin | null>;
  /**
   * The path at which the host shows Posthorn, such as `/mail`, whether or not the host takes it off
   * before. Default: links are relative, which suits hosts that do.
   */
  readonly basePath?: string;
  /** Where browsers see the host, if a proxy gives it another name. */
  readonly publicUrl?: string;
}

/** Pages and API as a web-standard fetch handler. */
export function createHandler(
  posthorn: Posthorn,
  { authorize, ...options }: HandlerOptions,
): (request: Request) => Promise<Response> {
  const app = createApp(posthorn, {
    ...options,
    async signedIn(request) {
      const admin = await authorize(request);
      if (admin === null) return null;
      const actor = { id: `user:${admin.id}`, name: admin.name };
      return { actor, scope: "admin", email: null, via: "host" };
    },
  });
  return async (request) => app.fetch(request);
}
