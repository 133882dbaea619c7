import type { EmailState } from "../api/model.ts";
import { Badge } from "../parts/badge.tsx";
import { looks } from "./states.ts";
import * as t from "./strings.ts";

export function StateBadge({ state }: { state: EmailState }) {
  const { tone, icon } = looks[state];
  return (
    <Badge tone={tone} icon={icon}>
      {t.states[state]}
    </Badge>
  );
}
