import type { EmailState } from "../../../src/core/model.ts";
import { Badge } from "../parts/badge.tsx";
import { strings } from "../strings.ts";
import { looks } from "./states.ts";

export function StateBadge({ state }: { state: EmailState }) {
  const { tone, icon } = looks[state];
  return (
    <Badge tone={tone} icon={icon}>
      {strings.emails.states[state]}
    </Badge>
  );
}
