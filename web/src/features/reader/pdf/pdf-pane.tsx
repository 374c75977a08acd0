import { useEffect, useState } from "react";
import type { Material } from "@/shared/api/types";
import { Problem } from "@/shared/ui/problem";
import { t } from "../messages";
import type { Target } from "../target";
import { type Book, openBook } from "./open-book";
import { Pages } from "./pages";

interface Props {
  material: Material;
  target: Target;
  positions: Map<string, number>;
  onPage: (page: number) => void;
  children?: React.ReactNode;
}

export default function PdfPane({ material, target, positions, onPage, children }: Props) {
  const [book, setBook] = useState<Book | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt opens the file again
  useEffect(() => {
    let left = false;
    let opened: Book | null = null;
    setProblem(null);
    openBook(`/v1/materials/${material.id}/file`, material.bytes).then(
      (result) => {
        if (left) return result.close();
        opened = result;
        setBook(result);
      },
      (error) => {
        if (!left) setProblem(error);
      },
    );
    return () => {
      left = true;
      setBook(null);
      opened?.close();
    };
  }, [material.id, material.bytes, attempt]);

  if (problem) {
    return (
      <div className="pdf">
        {children}
        <Problem error={problem} retry={() => setAttempt(attempt + 1)} />
      </div>
    );
  }
  if (!book) {
    return (
      <div className="pdf" aria-busy="true">
        {children}
        <div className="late mx-auto w-full max-w-xl p-6">
          <span className="sr-only">{t("state.loading")}</span>
          <div className="skeleton aspect-[1/1.4]" />
        </div>
      </div>
    );
  }
  return (
    <Pages
      book={book}
      labels={material.page_labels ?? []}
      target={target}
      positions={positions}
      onPage={onPage}
    >
      {children}
    </Pages>
  );
}
