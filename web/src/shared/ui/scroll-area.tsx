import type { ReactNode, RefObject } from "react";

interface Props {
  ref: RefObject<HTMLElement | null>;
  label: string;
  className: string;
  children: ReactNode;
}

/** An area that scrolls by itself is a named region which the keyboard reaches (WCAG 2.1.1). */
export function ScrollArea({ ref, label, className, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll only what has the focus
    <section ref={ref} className={className} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
