import { hc } from "hono/client";
import type { AppType } from "../../../src/http/app.ts";
import { basePath } from "./base-path.ts";
import { request } from "./request.ts";

/**
 * The API, typed by the server's own route table: `api.emails[":id"].$get({ param })`.
 * A call that is refused throws an ApiProblem, so that an answer is always the good one.
 */
export const { api } = hc<AppType>(new URL(basePath, location.origin).href, { fetch: request });
