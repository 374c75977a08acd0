import { Outlet } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import { t } from "@/shared/i18n";
import { Plate } from "@/shared/ui/plate";
import { Problem } from "@/shared/ui/problem";

export function Root() {
  return (
    <>
      <a className="btn btn-primary skip" href="#main">
        {t("shell.skip")}
      </a>
      <OfflineBanner />
      <Outlet />
    </>
  );
}

function watchNetwork(listener: () => void) {
  addEventListener("online", listener);
  addEventListener("offline", listener);
  return () => {
    removeEventListener("online", listener);
    removeEventListener("offline", listener);
  };
}

function OfflineBanner() {
  const online = useSyncExternalStore(watchNetwork, () => navigator.onLine);
  return <div role="status">{online ? null : <p className="offline">{t("state.offline")}</p>}</div>;
}

export function NotFound() {
  return (
    <main id="main" className="page">
      <h1 className="sr-only">{t("problem.not-found")}</h1>
      <Plate title={t("problem.not-found")} text={t("problem.no-page")}>
        <a className="btn" href="/courses">
          {t("problem.to-courses")}
        </a>
      </Plate>
    </main>
  );
}

export function Broken({ error, reset }: { error: unknown; reset: () => void }) {
  return (
    <main id="main" className="page">
      <Problem error={error} retry={reset} />
    </main>
  );
}
