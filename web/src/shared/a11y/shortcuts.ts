import { useEffect, useRef } from "react";
import { stored } from "../ui/stored";

export const shortcutsOn = stored("studium.shortcuts", true);

export type Shortcuts = Record<string, () => void>;

const typing = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const pauseMilliseconds = 1000;

/** Keys like `j`, sequences like `g c`, and `mod+k`. Never inside inputs, never below an open dialog. */
export function useShortcuts(shortcuts: Shortcuts) {
  const current = useRef(shortcuts);
  current.current = shortcuts;
  useEffect(() => {
    let before = "";
    let since = 0;
    const onKey = (event: KeyboardEvent) => {
      if (!shortcutsOn.get() || isBusy(event)) return;
      const key = event.metaKey || event.ctrlKey ? `mod+${event.key.toLowerCase()}` : event.key;
      const sequence = event.timeStamp - since < pauseMilliseconds ? `${before} ${key}` : key;
      const action = current.current[sequence] ?? current.current[key];
      before = key;
      since = event.timeStamp;
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function isBusy(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.altKey) return true;
  if (event.target instanceof Element && event.target.closest(typing)) return true;
  return document.querySelector("dialog:modal") !== null;
}
