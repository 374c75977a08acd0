import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Reader, ReaderSkeleton } from "@/features/reader/reader";
import { SearchPanel } from "@/features/search/search-panel";
import { materialQuery } from "@/shared/api/queries";
import { Loaded } from "@/shared/ui/loaded";
import { useTitle } from "@/shared/ui/title";

export function ReadPage() {
  const { bookId } = useParams({ from: "/in/books/$bookId/read" });
  const material = useQuery(materialQuery(bookId));
  useTitle(material.data?.title);
  return (
    <Loaded query={material} skeleton={<ReaderSkeleton />}>
      {(found) => (
        <Reader key={found.id} material={found} search={<SearchPanel course={found.course_id} />} />
      )}
    </Loaded>
  );
}
