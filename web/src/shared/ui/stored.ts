import { useSyncExternalStore } from "react";

/** A small preference of this browser, kept in localStorage and shared by everything that shows it. */
export interface Stored<Value> {
  get(): Value;
  set(value: Value): void;
  use(): Value;
}

export function stored<Value>(key: string, initial: Value): Stored<Value> {
  const listeners = new Set<() => void>();
  const read = (): Value => {
    try {
      const text = localStorage.getItem(key);
      return text === null ? initial : (JSON.parse(text) as Value);
    } catch {
      return initial;
    }
  };
  let value = read();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const get = () => value;
  return {
    get,
    set(next) {
      value = next;
      localStorage.setItem(key, JSON.stringify(next));
      for (const listener of listeners) listener();
    },
    use: () => useSyncExternalStore(subscribe, get),
  };
}
