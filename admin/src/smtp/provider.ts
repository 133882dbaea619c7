import type { Provider } from "../api/types.ts";
import { sameHost } from "./destination.ts";
import { emptyForm, type SmtpForm } from "./form.ts";

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
  const isOwnSender =
    form.fromEmail.trim() !== "" && !providers.some(({ fromEmail }) => fromEmail === form.fromEmail.trim());
  return {
    ...form,
    ...(isSaved ? destinationOf(saved) : settingsOf(provider)),
    fromEmail: isOwnSender ? form.fromEmail : (provider?.fromEmail ?? (isSaved ? saved.fromEmail : "")),
  };
}

function settingsOf(provider: Provider | null): DestinationForm {
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
