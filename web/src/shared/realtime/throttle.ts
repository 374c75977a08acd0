/** Calls at once, then at most once per interval and key; the last call is never lost. */
export function throttled(
  call: (key: string) => void,
  milliseconds: number,
): (key: string) => void {
  const waiting = new Map<string, boolean>();
  const open = (key: string) => {
    const again = waiting.get(key);
    waiting.delete(key);
    if (again) run(key);
  };
  const run = (key: string) => {
    if (waiting.has(key)) {
      waiting.set(key, true);
      return;
    }
    waiting.set(key, false);
    setTimeout(open, milliseconds, key);
    call(key);
  };
  return run;
}
