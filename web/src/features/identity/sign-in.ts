import { useMutation } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import { api, ok } from "@/shared/api/client";
import { adopt, currentAccount, forget, subscribe } from "@/shared/api/session";
import type { Session } from "@/shared/api/types";

export const useAccount = () => useSyncExternalStore(subscribe, currentAccount);

function useEnter(next: string | undefined) {
  const router = useRouter();
  return (session: Session) => {
    adopt(session);
    // Only a path of this app may follow a login.
    const path = next?.startsWith("/") && !next.startsWith("//") ? next : "/";
    router.history.push(path);
  };
}

export function useLogin(next: string | undefined) {
  return useMutation({
    mutationFn: (body: { email: string; password: string }) =>
      ok(api.POST("/v1/auth/login", { body })),
    onSuccess: useEnter(next),
  });
}

export function useRegister(next: string | undefined) {
  return useMutation({
    mutationFn: (body: { email: string; password: string; name: string }) =>
      ok(api.POST("/v1/auth/register", { body })),
    onSuccess: useEnter(next),
  });
}

export function useChangePassword() {
  return useMutation({
    mutationFn: (body: { current: string; new: string }) =>
      ok(api.PUT("/v1/auth/password", { body })),
    onSuccess: adopt,
  });
}

export function useLogout() {
  return useMutation({
    mutationFn: () => ok(api.POST("/v1/auth/logout")),
    onSuccess: () => {
      forget();
      // A full load, so that nothing of the account stays in this page's memory.
      location.assign("/login");
    },
  });
}
