import { listProviders } from "../../providers/catalog.ts";
import type { Services } from "../../services.ts";
import { json, route, routes } from "../route.ts";
import { providerList } from "../schema/smtp-configs.ts";
import { providerView } from "./views.ts";

const list = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "List the providers",
  description:
    "How to reach well-known providers, and what they want as username and password: to fill in a form. The sandbox is among them while it runs. `next` is always null.",
  responses: { 200: json(providerList, "The providers") },
});

export function providerRoutes({ sandbox }: Services) {
  return routes().openapi(list, (c) =>
    c.json({ items: listProviders(sandbox).map(providerView), next: null }, 200),
  );
}
