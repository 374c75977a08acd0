import type { NotesSection } from "@/shared/api/types";

export interface Entry {
  section: NotesSection;
  /** Chapters above the section that have no notes of their own, outermost first. */
  above: { title: string; level: number }[];
}

/** Puts the headings back that a reader needs: "2.1 Introduction" stands below "2 Laying out the page". */
export function withChapters(sections: readonly NotesSection[]): Entry[] {
  let open: readonly string[] = [];
  return sections.map((section) => {
    const ancestors = section.path.slice(0, -1);
    const same = ancestors.findIndex((title, level) => open[level] !== title);
    const above =
      same < 0 ? [] : ancestors.slice(same).map((title, at) => ({ title, level: same + at }));
    open = section.path;
    return { section, above };
  });
}
