import { listProviders } from "../../providers/catalog.ts";
import type { Services } from "../../services.ts";
import { json, route, routes } from "../route.ts";
import { providerList } from "../schema/smtp-configs.ts";
import { providerView } from "./views.ts";

const list = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "List providers",
  description:
    "Lists well-known providers with their SMTP settings and what to enter as username and password. Includes the sandbox while it is on. `next` is always null.",
  responses: { 200: json(providerList, "Providers") },
});

export function providerRoutes({ sandbox }: Services) {
  return routes().openapi(list, (c) =>
    c.json({ items: listProviders(sandbox).map(providerView), next: null }, 200),
  );
}
