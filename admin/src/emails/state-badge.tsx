import type { EmailState } from "../api/model.ts";
import { Badge } from "../parts/badge.tsx";
import { appearances } from "./states.ts";
import * as t from "./strings.ts";

export function StateBadge({ state }: { state: EmailState }) {
  const { tone, icon } = appearances[state];
  return (
    <Badge tone={tone} icon={icon}>
      {t.states[state]}
    </Badge>
  );
}
