export const consentOutcomes = ["connected", "failed", "invalid", "signed-out"] as const;

/** How the way to a provider and back has ended, as the server tells the page in its address. */
export interface ConsentSearch {
  readonly consent?: (typeof consentOutcomes)[number] | undefined;
}
