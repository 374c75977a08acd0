import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { stored } from "@/shared/ui/stored";
import { Switch } from "@/shared/ui/switch";
import { t } from "./messages";

export const followOn = stored("studium.follow-citations", false);

const tabs = ["notes", "search"] as const;

/** What stands beside the PDF. The notes stay mounted, so that they keep their place. */
export function ReaderTabs({ children, search }: { children: ReactNode; search: ReactNode }) {
  const { tab = "notes" } = useSearch({ from: "/in/books/$bookId/read" });
  const navigate = useNavigate({ from: "/books/$bookId/read" });
  const choose = (name: (typeof tabs)[number]) => {
    const chosen = name === "search" ? name : undefined;
    void navigate({
      search: (old) => ({ ...old, tab: chosen }),
      replace: true,
      resetScroll: false,
    });
  };
  const move = (event: React.KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    choose(tab === "notes" ? "search" : "notes");
    document.getElementById(tab === "notes" ? "tab-search" : "tab-notes")?.focus();
  };
  return (
    <div className="side">
      <div className="side-bar">
        <div className="tabs" role="tablist" aria-label={t("reader.tabs")} onKeyDown={move}>
          {tabs.map((name) => (
            <button
              key={name}
              id={`tab-${name}`}
              type="button"
              role="tab"
              aria-selected={tab === name}
              aria-controls={`panel-${name}`}
              tabIndex={tab === name ? 0 : -1}
              onClick={() => choose(name)}
            >
              {t(`reader.${name}`)}
            </button>
          ))}
        </div>
        <FollowSwitch />
      </div>
      <div
        id="panel-notes"
        className="panel"
        role="tabpanel"
        aria-labelledby="tab-notes"
        hidden={tab !== "notes"}
      >
        {children}
      </div>
      <div
        id="panel-search"
        className="panel"
        role="tabpanel"
        aria-labelledby="tab-search"
        hidden={tab !== "search"}
      >
        {tab === "search" ? search : null}
      </div>
    </div>
  );
}

function FollowSwitch() {
  const on = followOn.use();
  return (
    <Switch
      label={t("reader.follow")}
      checked={on}
      className="follow"
      hint={t("reader.follow-hint")}
      onChange={followOn.set}
    />
  );
}
