import { useMantineColorScheme } from "@mantine/core";
import { Icon, type IconName } from "../parts/icon.tsx";
import * as t from "./strings.ts";

const order = ["auto", "light", "dark"] as const;
const icons: Record<(typeof order)[number], IconName> = { auto: "half", light: "sun", dark: "moon" };

/** Goes round: as the system, light, dark. The choice is kept in this browser. */
export function ColorSchemeButton({ className }: { className?: string | undefined }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const next = order[(order.indexOf(colorScheme) + 1) % order.length] ?? "auto";
  return (
    <button type="button" className={className} onClick={() => setColorScheme(next)}>
      <Icon name={icons[colorScheme]} />
      {t.colorScheme[colorScheme]}
    </button>
  );
}
