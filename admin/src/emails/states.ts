import type { EmailState, RetryableState } from "../api/model.ts";
import type { BadgeTone } from "../parts/badge.tsx";
import type { IconName } from "../parts/icon.tsx";

interface Appearance {
  readonly tone: BadgeTone;
  readonly icon: IconName;
}

/** How each state is shown. Recipients have some of the same states. */
export const appearances: Record<EmailState, Appearance> = {
  queued: { tone: "busy", icon: "clock" },
  sending: { tone: "busy", icon: "arrowRight" },
  sent: { tone: "good", icon: "check" },
  partial: { tone: "warn", icon: "half" },
  failed: { tone: "bad", icon: "cross" },
  cancelled: { tone: "quiet", icon: "dash" },
  expired: { tone: "quiet", icon: "clock" },
  unknown: { tone: "warn", icon: "question" },
  withheld: { tone: "quiet", icon: "lock" },
};

/** Replaces `sent` if the built-in sandbox captured the email: no recipient got it. */
export const capturedAppearance: Appearance = { tone: "quiet", icon: "sandbox" };

export const emailStates = Object.keys(appearances) as readonly EmailState[];

/** Stands as the template of Test Connection's emails: these are not sent again. */
export const testEmailTemplate = "test-email";

const retryable: Record<RetryableState, true> = {
  failed: true,
  expired: true,
  unknown: true,
  partial: true,
  cancelled: true,
  withheld: true,
};

/** Whether emails in this state are final and may be tried again. */
export function isRetryable(state: EmailState | undefined): state is RetryableState {
  return state !== undefined && state in retryable;
}
