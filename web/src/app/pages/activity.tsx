import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { CourseActivity } from "@/features/analytics/activity";
import { CourseHeader } from "@/features/courses/course-header";
import { courseQuery } from "@/shared/api/queries";
import { Loaded } from "@/shared/ui/loaded";
import { useTitle } from "@/shared/ui/title";

export function ActivityPage() {
  const { courseId } = useParams({ from: "/in/shell/teach/courses/$courseId/activity" });
  const course = useQuery(courseQuery(courseId));
  useTitle(course.data?.title);
  return (
    <main id="main" className="page">
      <Loaded query={course}>
        {(found) => (
          <>
            <CourseHeader course={found} />
            <CourseActivity course={found} />
          </>
        )}
      </Loaded>
    </main>
  );
}
