import { listProviders, type Provider } from "../../src/providers/catalog.ts";
import { code, type Page, page, table } from "./markdown.ts";

export function providerPage(): Page {
  return page("reference/providers.md", "src/providers/", "Providers", [
    "What to enter for each provider that Sendwright knows, from the provider's own documentation. The settings page fills it in when you choose the provider. Limits were read on the day beside them.",
    ...listProviders(null).flatMap((provider) => [`## ${provider.name}`, factsOf(provider)]),
    "Next: [set up your provider](../guides/providers/README.md).",
  ]);
}

function factsOf(provider: Provider): string {
  const { regions, smtpServer, smtpPort, username, usernameHint, passwordHint, fromHint, helpUrl } = provider;
  const servers =
    regions.length === 0
      ? [code(smtpServer)]
      : regions.map((region) => `${region.name}: ${code(region.smtpServer)}`);
  const limits = provider.limits;
  return table(
    ["Field", "Value"],
    [
      ["Server", servers.join("<br>")],
      ["Port", String(smtpPort)],
      ["Username", [...(username === null ? [] : [`${code(username)}.`]), usernameHint].join(" ")],
      ["Password", passwordHint],
      ["From email", fromHint],
      ...(provider.spfIncludes.length === 0 ? [] : [["SPF", code(`include:${provider.spfIncludes[0]}`)]]),
      ...(limits === null
        ? []
        : [["Limits", `${limitWords(limits)} ([source](${limits.source}), ${limits.readOn})`]]),
      ...(helpUrl === null ? [] : [["Its documentation", `<${helpUrl}>`]]),
    ],
  );
}

function limitWords(limits: NonNullable<Provider["limits"]>): string {
  const values = (
    ["maxPerSecond", "maxPerMinute", "maxPerHour", "maxPerDay", "maxRecipientsPerDay"] as const
  ).flatMap((name) => (limits[name] == null ? [] : [`${code(name)} ${limits[name]}.`]));
  return [...values, ...(limits.hint === null ? [] : [limits.hint])].join(" ");
}
