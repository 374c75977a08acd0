import { t } from "./messages";

/** A note and the page it quotes, in small: what the product does, before anybody has an account. */
export function Specimen() {
  return (
    <figure className="specimens">
      <div className="specimen note">
        <p className="kicker">{t("specimen.notes")}</p>
        <p>
          {t("specimen.point")} <span className="citation">[212]</span>
        </p>
      </div>
      <svg aria-hidden="true" className="thread" viewBox="0 0 120 64" fill="none">
        <path
          d="M84 2c0 34-58 22-58 56"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinecap="round"
        />
        <path d="M20 52l6 8 6-8" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
      </svg>
      <div className="specimen leaf">
        <p className="kicker">{t("specimen.page")}</p>
        <p>
          {t("specimen.before")} <mark>{t("specimen.quote")}</mark> {t("specimen.after")}
        </p>
      </div>
      <figcaption>{t("specimen.caption")}</figcaption>
    </figure>
  );
}
