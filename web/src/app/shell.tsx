import { Link, Outlet } from "@tanstack/react-router";
import { NotificationMenu } from "@/features/notifications/notifications";
import { t } from "@/shared/i18n";
import { Icon, type IconName } from "@/shared/ui/icons";

const places = [
  { to: "/", icon: "today", name: "nav.today" },
  { to: "/courses", icon: "courses", name: "nav.courses" },
  { to: "/search", icon: "search", name: "nav.search" },
] as const satisfies readonly { to: string; icon: IconName; name: string }[];

export function Shell() {
  return (
    <>
      <header className="topbar">
        <div>
          <Link to="/" className="wordmark">
            <img src="/icon.svg" alt="" />
            Studium
          </Link>
          <nav aria-label={t("nav.label")}>
            <Places className="navlink" />
          </nav>
          <span className="flex-1" />
          <NotificationMenu />
          <Link
            to="/settings"
            className="btn btn-quiet btn-icon"
            aria-label={t("nav.settings")}
            title={t("nav.settings")}
          >
            <Icon name="settings" />
          </Link>
        </div>
      </header>
      <Outlet />
      <nav className="bottombar" aria-label={t("nav.label")}>
        <Places />
      </nav>
    </>
  );
}

function Places({ className = "" }: { className?: string }) {
  return places.map(({ to, icon, name }) => (
    <Link key={to} to={to} className={className} activeOptions={{ exact: to === "/" }}>
      <Icon name={icon} />
      {t(name)}
    </Link>
  ));
}
