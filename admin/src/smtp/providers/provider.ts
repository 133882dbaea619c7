import type { Provider } from "../../api/types.ts";
import { sameHost } from "../form/destination.ts";
import { emptyForm, type LimitField, limitFields, limitText, type SmtpForm } from "../form/form.ts";
import type { Found } from "./find-settings.tsx";

/** Whose server the form names; null for any other. Of the loopback only the port tells whose it is. */
export function providerOf(providers: readonly Provider[], form: SmtpForm): Provider | null {
  const isNamed = ({ smtpServer }: Pick<Provider, "smtpServer">) => sameHost(smtpServer, form.smtpServer);
  const found = providers.find(
    (provider) =>
      (isNamed(provider) || provider.regions.some(isNamed)) &&
      (provider.id !== "sandbox" || String(provider.smtpPort) === form.smtpPort.trim()),
  );
  return found ?? null;
}

/** What a provider settles: where the password goes, and how. */
type DestinationForm = Pick<
  SmtpForm,
  | "smtpServer"
  | "smtpPort"
  | "useTls"
  | "tlsMode"
  | "username"
  | "authMethod"
  | "allowCleartextAuth"
  | "caPem"
>;

/**
 * The form with a provider's settings; null for a server that is entered by hand. Going back to the
 * provider of the saved config brings back its saved settings, so that its password may stay.
 */
export function withProvider(
  form: SmtpForm,
  saved: SmtpForm,
  providers: readonly Provider[],
  provider: Provider | null,
): SmtpForm {
  const isSaved = saved.smtpServer !== "" && providerOf(providers, saved)?.id === provider?.id;
  return {
    ...form,
    ...(isSaved ? destinationOf(saved) : settingsOf(provider)),
    ...limitsFor(form, providers, isSaved ? limitsOf(saved) : presetsOf(provider)),
    fromEmail: hasOwnSender(form, providers)
      ? form.fromEmail
      : (provider?.fromEmail ?? (isSaved ? saved.fromEmail : "")),
  };
}

/** The form with settings that were found for an address; that address is the sender where there is none. */
export function withFound(
  form: SmtpForm,
  providers: readonly Provider[],
  found: Found,
  email: string,
): SmtpForm {
  const provider = providers.find(({ id }) => id === found.provider) ?? null;
  // What receives the mail of a person's own domain may have limits of another plan.
  const isHeld = found.source !== "mx" || provider?.limits?.holdsForOwnDomains === true;
  return {
    ...form,
    ...settingsOf(found),
    ...limitsFor(form, providers, presetsOf(isHeld ? provider : null)),
    fromEmail: hasOwnSender(form, providers) ? form.fromEmail : email,
  };
}

type LimitsForm = Pick<SmtpForm, LimitField>;

/** The limits that come with another provider. What was entered stays; what came with the one before goes with it. */
function limitsFor(form: SmtpForm, providers: readonly Provider[], next: LimitsForm): LimitsForm {
  const before = presetsOf(providerOf(providers, form));
  return byLimit((field) => {
    const value = form[field].trim();
    return value === "" || value === before[field] ? next[field] : form[field];
  });
}

/** What a provider's limits are in the form; empty for those that it does not have. */
export function presetsOf(provider: Provider | null): LimitsForm {
  return byLimit((field) => limitText(provider?.limits?.[field] ?? null));
}

function limitsOf(form: SmtpForm): LimitsForm {
  return byLimit((field) => form[field]);
}

function byLimit(value: (field: LimitField) => string): LimitsForm {
  return Object.fromEntries(limitFields.map((field) => [field, value(field)])) as unknown as LimitsForm;
}

/** Not the one that came with a provider, such as the sandbox's. */
function hasOwnSender(form: SmtpForm, providers: readonly Provider[]): boolean {
  const sender = form.fromEmail.trim();
  return sender !== "" && !providers.some(({ fromEmail }) => fromEmail === sender);
}

type Settings = Pick<Provider, "smtpServer" | "smtpPort" | "useTls" | "tlsMode" | "username">;

function settingsOf(provider: Settings | null): DestinationForm {
  if (provider === null) return destinationOf(emptyForm);
  const { smtpServer, smtpPort, useTls, tlsMode, username } = provider;
  return {
    ...destinationOf(emptyForm),
    smtpServer,
    smtpPort: String(smtpPort),
    useTls,
    tlsMode,
    username: username ?? "",
  };
}

function destinationOf(form: SmtpForm): DestinationForm {
  const { smtpServer, smtpPort, useTls, tlsMode, username, authMethod, allowCleartextAuth, caPem } = form;
  return { smtpServer, smtpPort, useTls, tlsMode, username, authMethod, allowCleartextAuth, caPem };
}
