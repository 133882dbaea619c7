import { useEffect, useEffectEvent } from "react";

/** Ctrl or Cmd with S saves, wherever the focus is. */
export function useSaveKey(onSave: () => unknown): void {
  const save = useEffectEvent(onSave);
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      save();
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
