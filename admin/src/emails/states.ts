import type { EmailState } from "../../../src/model.ts";
import type { BadgeTone } from "../parts/badge.tsx";
import type { IconName } from "../parts/icon.tsx";

interface Look {
  readonly tone: BadgeTone;
  readonly icon: IconName;
}

/** How each state looks. Recipients have some of the same states. */
export const looks: Record<EmailState, Look> = {
  queued: { tone: "busy", icon: "clock" },
  sending: { tone: "busy", icon: "arrowRight" },
  sent: { tone: "good", icon: "check" },
  partial: { tone: "warn", icon: "half" },
  failed: { tone: "bad", icon: "cross" },
  cancelled: { tone: "quiet", icon: "dash" },
  expired: { tone: "quiet", icon: "clock" },
  unknown: { tone: "warn", icon: "question" },
};

export const emailStates = Object.keys(looks) as readonly EmailState[];
