import type { ReactNode } from "react";
import { t } from "./messages";
import { Specimen } from "./specimen";

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
        <Specimen />
      </aside>
    </div>
  );
}
