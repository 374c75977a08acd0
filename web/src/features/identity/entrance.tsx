import type { ReactNode } from "react";
import { t } from "@/shared/i18n";

/** Login and registration stand beside a specimen of what the product makes. */
export function Entrance({
  title,
  text,
  children,
}: {
  title: string;
  text: string;
  children: ReactNode;
}) {
  return (
    <div className="entrance">
      <main id="main">
        <span className="wordmark mb-10">
          <img src="/icon.svg" alt="" />
          Studium
        </span>
        <h1 className="mb-2">{title}</h1>
        <p className="mb-8 text-muted">{text}</p>
        {children}
      </main>
      <aside aria-label={t("entrance.specimen")}>
        <figure className="grid gap-6 justify-items-center">
          <div className="specimen">
            <p className="mb-3 font-sans text-2xs text-muted">{t("entrance.page")}</p>
            <p>
              {t("entrance.before")} <mark>{t("entrance.marked")}</mark> {t("entrance.after")}
            </p>
          </div>
          <figcaption className="max-w-md text-center text-muted">
            {t("entrance.caption")}
          </figcaption>
        </figure>
      </aside>
    </div>
  );
}
