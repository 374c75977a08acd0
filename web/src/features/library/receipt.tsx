import type { Receipt } from "@/shared/api/types";
import { t } from "./messages";

/** Nothing is cut in silence: what was read, what was empty, and why a page failed. */
export function ReceiptDetails({ receipt }: { receipt: Receipt }) {
  if (!receipt.failed && !receipt.empty) return null;
  return (
    <details className="receipt" open={receipt.failed > 0 && receipt.failed === receipt.total}>
      <summary>
        {t("receipt.summary", { indexed: receipt.indexed, total: receipt.total })}
        {receipt.failed ? ` · ${t("receipt.failed", { n: receipt.failed })}` : null}
        {receipt.empty ? ` · ${t("receipt.empty", { n: receipt.empty })}` : null}
      </summary>
      {receipt.failures.length ? (
        <table>
          <thead>
            <tr>
              <th scope="col">{t("receipt.page")}</th>
              <th scope="col">{t("receipt.reason")}</th>
            </tr>
          </thead>
          <tbody>
            {receipt.failures.map((failure) => (
              <tr key={failure.page}>
                <td>{failure.page}</td>
                <td>{failure.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {receipt.empty ? <p className="text-xs text-muted">{t("receipt.empty-text")}</p> : null}
    </details>
  );
}
