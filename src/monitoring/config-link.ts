/** The address of a config's page; null if the address of the pages is not known. */
export type LinkToConfig = (configId: string) => string | null;

/** @param publicUrl the address of the pages, with or without a slash at its end */
export function configLinks(publicUrl: string | undefined): LinkToConfig {
  const base = publicUrl?.replace(/\/+$/, "");
  return (configId) => (base === undefined ? null : `${base}/settings/smtp/${encodeURIComponent(configId)}`);
}
