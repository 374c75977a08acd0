import { Link, Outlet, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { useAccount } from "@/features/identity/sign-in";
import { useLive } from "@/features/notifications/live";
import { t } from "@/shared/i18n";
import { Toasts } from "@/shared/ui/toast";
import { GlobalShortcuts } from "./global-shortcuts";

/** Everything behind the login: the live channel, toasts and keys are there on every page. */
export function SignedIn() {
  const account = useAccount();
  const router = useRouter();
  const gone = !account;
  useEffect(() => {
    if (!gone) return;
    const next = router.state.location.href;
    void router.navigate({ to: "/login", search: { next }, replace: true });
  }, [gone, router]);
  return account ? <Inside /> : null;
}

function Inside() {
  useLive();
  return (
    <>
      <Outlet />
      <GlobalShortcuts />
      <Toasts
        link={(href, onFollow) => (
          <Link className="btn btn-primary btn-small" to={href} onClick={onFollow}>
            {t("action.open")}
          </Link>
        )}
      />
    </>
  );
}
