/** The address of a config's page, or of the failed emails; null if the address of the pages is not known. */
export type LinkToConfig = (configId: string | null) => string | null;

/** @param publicUrl the address of the pages, with or without a slash at its end */
export function configLinks(publicUrl: string | undefined): LinkToConfig {
  const base = publicUrl?.replace(/\/+$/, "");
  return (configId) => {
    if (base === undefined) return null;
    const page = configId === null ? "emails?state=failed" : `settings/smtp/${encodeURIComponent(configId)}`;
    return `${base}/${page}`;
  };
}
