import type { EmailState } from "../api/model.ts";
import { Badge } from "../parts/badge.tsx";
import { appearances, capturedAppearance } from "./states.ts";
import * as t from "./strings.ts";

interface StateBadgeProps {
  readonly state: EmailState;
  /** Whether the built-in sandbox has it. */
  readonly captured: boolean;
}

export function StateBadge({ state, captured }: StateBadgeProps) {
  const isCaptured = captured && state === "sent";
  const { tone, icon } = isCaptured ? capturedAppearance : appearances[state];
  return (
    <Badge tone={tone} icon={icon}>
      {isCaptured ? t.captured : t.states[state]}
    </Badge>
  );
}
