import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ok } from "@/shared/api/client";
import { keys } from "@/shared/api/queries";
import { adopt } from "@/shared/api/session";

interface CourseText {
  title: string;
  description: string;
}

function useRefreshed() {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: keys.courses });
}

export function useCreateCourse() {
  const onSuccess = useRefreshed();
  return useMutation({
    mutationFn: (body: CourseText) => ok(api.POST("/v1/courses", { body })),
    onSuccess,
  });
}

export function useChangeCourse(id: string) {
  const onSuccess = useRefreshed();
  return useMutation({
    mutationFn: (body: CourseText) =>
      ok(api.PATCH("/v1/courses/{course_id}", { params: { path: { course_id: id } }, body })),
    onSuccess,
  });
}

export function useDeleteCourse(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      ok(api.DELETE("/v1/courses/{course_id}", { params: { path: { course_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.courses, exact: true }),
  });
}

export function useInvite(id: string) {
  return useMutation({
    mutationFn: () =>
      ok(
        api.POST("/v1/courses/{course_id}/invitations", {
          params: { path: { course_id: id } },
        }),
      ),
  });
}

export function useJoin() {
  const onSuccess = useRefreshed();
  return useMutation({
    mutationFn: (code: string) =>
      ok(api.POST("/v1/invitations/{code}/accept", { params: { path: { code } } })),
    onSuccess: (accepted) => {
      // The old token does not know the organisation of the new course.
      adopt(accepted);
      return onSuccess();
    },
  });
}
