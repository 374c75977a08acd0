import { Icon } from "@/shared/ui/icons";
import { t } from "../messages";
import type { Target } from "../target";

interface Props {
  target: Target;
  label: string;
  /** Null while the page is still being read. */
  found: boolean | null;
}

/** Says aloud whether the quote stands highlighted; silence would be read as success. */
export function QuoteStrip({ target, label, found }: Props) {
  const quote = target.quotes[0];
  return (
    <div role="status">
      {quote && found === true ? (
        <span className="sr-only">{t("quote.found", { label })}</span>
      ) : null}
      {quote && found === false ? (
        <p className="quote-missing">
          <Icon name="warning" />
          <span>{t("quote.missing", { label })}</span>
        </p>
      ) : null}
    </div>
  );
}
