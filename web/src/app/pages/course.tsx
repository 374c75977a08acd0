import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { CourseHeader } from "@/features/courses/course-header";
import { Shelf } from "@/features/library/shelf";
import { courseQuery } from "@/shared/api/queries";
import { Loaded } from "@/shared/ui/loaded";
import { useTitle } from "@/shared/ui/title";

export function CoursePage() {
  const { courseId } = useParams({ from: "/in/shell/courses/$courseId" });
  const course = useQuery(courseQuery(courseId));
  useTitle(course.data?.title);
  return (
    <main id="main" className="page">
      <Loaded query={course}>
        {(found) => (
          <>
            <CourseHeader course={found} />
            <Shelf course={found} />
          </>
        )}
      </Loaded>
    </main>
  );
}
