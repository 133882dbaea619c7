import { SendwrightError } from "../core/errors.ts";

/** Where browsers see Sendwright, without a slash at the end. */
export type OwnAddress = (requestUrl: string) => string;

/**
 * The address that a provider sends browsers back to must be one that nobody can choose by a header: the one
 * that was set, or this machine's own.
 * @throws SendwrightError `oauth.address_unknown`
 */
export function createOwnAddress(publicUrl: string | null, basePath: string | null): OwnAddress {
  return (requestUrl) => {
    if (publicUrl !== null) return new URL(publicUrl).origin + (basePath ?? "");
    const { origin, hostname } = new URL(requestUrl);
    if (["localhost", "127.0.0.1", "[::1]"].includes(hostname)) return origin + (basePath ?? "");
    throw new SendwrightError(
      "oauth.address_unknown",
      "Providers only redirect to a registered URL. Set SENDWRIGHT_PUBLIC_URL to the URL in your browser.",
    );
  };
}
