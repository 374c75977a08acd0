import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useAccount } from "@/features/identity/sign-in";
import { useLive } from "@/features/notifications/live";
import { t } from "@/shared/i18n";
import { Toasts } from "@/shared/ui/toast";
import { GlobalShortcuts } from "./global-shortcuts";

/** Everything behind the login: the live channel, toasts and keys are there on every page. */
export function SignedIn() {
  const account = useAccount();
  const href = useLocation({ select: (location) => location.href });
  const navigate = useNavigate();
  const gone = !account;
  useEffect(() => {
    if (gone) void navigate({ to: "/login", search: { next: href } });
  }, [gone, href, navigate]);
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
