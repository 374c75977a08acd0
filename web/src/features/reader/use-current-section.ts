import { type RefObject, useEffect, useState } from "react";

/** The index of the section that is being read: the last one that began above the upper third. */
export function useCurrentSection(scroller: RefObject<HTMLElement | null>, count: number): number {
  const [current, setCurrent] = useState(0);
  useEffect(() => {
    const box = scroller.current;
    if (!box || !count) return;
    let frame = 0;
    const look = () => {
      const edge = box.getBoundingClientRect().top + box.clientHeight / 3;
      const sections = [...box.querySelectorAll<HTMLElement>(".notes-section")];
      const passed = sections.findLastIndex((s) => s.getBoundingClientRect().top <= edge);
      setCurrent(Math.max(0, passed));
    };
    const onScroll = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(look);
    };
    look();
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      cancelAnimationFrame(frame);
      box.removeEventListener("scroll", onScroll);
    };
  }, [scroller, count]);
  return current;
}
