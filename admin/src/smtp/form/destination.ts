import type { SmtpForm } from "./form.ts";

/**
 * Whether a saved password would go elsewhere, or in another way, with the form as it is now. The
 * server decides (409 `config.password_required`); this only lets the page ask before it is refused.
 */
export function destinationChanged(saved: SmtpForm, form: SmtpForm): boolean {
  return (
    !sameHost(saved.smtpServer, form.smtpServer) ||
    saved.smtpPort.trim() !== form.smtpPort.trim() ||
    saved.useTls !== form.useTls ||
    saved.tlsMode !== form.tlsMode ||
    saved.username.trim() !== form.username.trim() ||
    saved.authMethod !== form.authMethod ||
    pem(saved.caPem) !== pem(form.caPem)
  );
}

export function sameHost(one: string, two: string): boolean {
  return host(one) === host(two);
}

/** Case, a dot at the end and the two ways to write a name beyond ASCII (RFC 5891) make no difference. */
function host(value: string): string {
  const plain = value.trim().toLowerCase().replace(/\.$/, "");
  try {
    return new URL(`http://${plain}`).hostname;
  } catch {
    return plain;
  }
}

function pem(value: string): string {
  return value.replace(/\s+/g, "");
}
