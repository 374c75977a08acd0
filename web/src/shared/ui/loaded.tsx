import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { t } from "../i18n";
import { Problem } from "./problem";

interface Props<Data> {
  query: UseQueryResult<Data>;
  skeleton?: ReactNode;
  children: (data: Data) => ReactNode;
}

/** The three states of anything that is fetched. Old data stays visible while new data fails. */
export function Loaded<Data>({ query, skeleton, children }: Props<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />;
  return (
    <div className="late" aria-busy="true">
      <span className="sr-only">{t("state.loading")}</span>
      {skeleton ?? <Lines />}
    </div>
  );
}

const widths = ["w-2/5 h-7", "w-full", "w-11/12", "w-4/5", "w-full", "w-3/5"];

export function Lines() {
  return (
    <div className="grid gap-4 py-4" aria-hidden="true">
      {widths.map((width) => (
        <div key={width} className={`skeleton min-h-4 ${width}`} />
      ))}
    </div>
  );
}
