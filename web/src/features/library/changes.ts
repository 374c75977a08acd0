import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ok } from "@/shared/api/client";
import { keys } from "@/shared/api/queries";
import type { Material } from "@/shared/api/types";

function useMaterialChange<Answer>(material: Material, call: () => Promise<Answer>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: call,
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.material(material.id) });
      return queries.invalidateQueries({ queryKey: keys.materials(material.course_id) });
    },
  });
}

const at = (material: Material) => ({ params: { path: { material_id: material.id } } });

export const useCancel = (material: Material) =>
  useMaterialChange(material, () =>
    ok(api.POST("/v1/materials/{material_id}/cancel", at(material))),
  );

export const useRetry = (material: Material) =>
  useMaterialChange(material, () =>
    ok(api.POST("/v1/materials/{material_id}/retry", at(material))),
  );

export function useRemove(material: Material) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => ok(api.DELETE("/v1/materials/{material_id}", at(material))),
    onSuccess: () => {
      queries.removeQueries({ queryKey: keys.material(material.id) });
      return queries.invalidateQueries({ queryKey: keys.materials(material.course_id) });
    },
  });
}
