import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useCallback, useRef, useState } from "react";
import { courseQuery, notesQuery } from "@/shared/api/queries";
import { currentAccount } from "@/shared/api/session";
import type { Material, NotesSection } from "@/shared/api/types";
import { remember } from "@/shared/reading/places";
import { Lines } from "@/shared/ui/loaded";
import { ScrollArea } from "@/shared/ui/scroll-area";
import { stored } from "@/shared/ui/stored";
import { Contents } from "./contents";
import { t } from "./messages";
import { NotesPane } from "./notes/notes-pane";
import { ReaderBar } from "./reader-bar";
import { followOn, ReaderTabs } from "./reader-tabs";
import { Sheet } from "./sheet";
import { Splitter } from "./splitter";
import { useCurrentSection } from "./use-current-section";
import { useMedia } from "./use-media";
import { useRecorded } from "./use-recorded";
import { useTarget } from "./use-target";
import "./notes/notes.css";
import "./pdf/pdf.css";
import "./reader.css";

const PdfPane = lazy(() => import("./pdf/pdf-pane"));

export const contentsOpen = stored("studium.contents", true);

interface Props {
  material: Material;
  search: ReactNode;
}

export function Reader({ material, search }: Props) {
  const notes = useQuery(notesQuery(material.id));
  const course = useQuery(courseQuery(material.course_id));
  const { target, cite, asked, open, follow, close } = useTarget(material.id, notes.data);
  const wide = useMedia("(min-width: 60rem)");
  const roomy = useMedia("(min-width: 80rem)");
  const frame = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLElement>(null);
  const positions = useRef(new Map<string, number>()).current;
  const [drawer, setDrawer] = useState(false);
  const beside = contentsOpen.use() && roomy;
  const sections = notes.data?.sections ?? [];
  const labels = material.page_labels ?? [];
  const current = useCurrentSection(scroller, sections.length);
  const onPage = useRemembered(material, useRecorded(material, sections[current]));

  const go = (section: NotesSection) => {
    document.getElementById(`section-${section.index}`)?.scrollIntoView({ block: "start" });
    setDrawer(false);
    if (wide) open(section.first_page);
  };
  const contents = (
    <Contents
      sections={sections}
      labels={labels}
      current={sections[current]?.index ?? -1}
      onGo={go}
    />
  );
  const pdf = (
    <Suspense fallback={<div className="pdf" aria-busy="true" />}>
      <PdfPane material={material} target={target} positions={positions} onPage={onPage} />
    </Suspense>
  );
  return (
    <div className="reader">
      <ReaderBar
        material={material}
        hasContents={sections.length > 0}
        onContents={() => (roomy ? contentsOpen.set(!contentsOpen.get()) : setDrawer(true))}
        onBook={wide ? undefined : () => open(target.page)}
      />
      <main
        id="main"
        ref={frame}
        className="reader-body"
        data-contents={beside && sections.length > 0}
      >
        {beside && sections.length ? contents : null}
        {wide ? (
          <>
            {pdf}
            <Splitter frame={frame} />
          </>
        ) : null}
        <ReaderTabs search={search}>
          <ScrollArea ref={scroller} className="notes-scroller" label={t("reader.notes")}>
            <NotesPane
              notes={notes}
              labels={labels}
              teaches={course.data?.role === "teacher"}
              scroller={scroller}
              cite={cite}
              onCite={follow}
              onGlance={(cited) => {
                if (wide && followOn.get()) follow(cited, true);
              }}
              onOpen={open}
            />
          </ScrollArea>
        </ReaderTabs>
      </main>
      {drawer ? (
        <Sheet side label={t("reader.contents")} onClose={() => setDrawer(false)}>
          {contents}
        </Sheet>
      ) : null}
      {!wide && asked ? (
        <Sheet label={material.title} onClose={close}>
          {pdf}
        </Sheet>
      ) : null}
    </div>
  );
}

const settleMilliseconds = 600;

/** Keeps the page one is on, for "continue reading". */
function useRemembered(material: Material, record: (page: number) => void) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  return useCallback(
    (page: number) => {
      record(page);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        remember({
          account: currentAccount()?.id ?? "",
          book: material.id,
          title: material.title,
          page,
          label: material.page_labels?.[page - 1] || String(page),
          at: new Date().toISOString(),
        });
      }, settleMilliseconds);
    },
    [material, record],
  );
}

export function ReaderSkeleton() {
  return (
    <div className="page narrow">
      <Lines />
    </div>
  );
}
