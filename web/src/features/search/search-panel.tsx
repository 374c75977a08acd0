import { useState } from "react";
import { Icon } from "@/shared/ui/icons";
import { t } from "./messages";
import { Results } from "./results";

/** Search beside a book: results of this book turn its pages, others open their own book. */
export function SearchPanel({ course }: { course: string }) {
  const [q, setQ] = useState("");
  return (
    <search className="grid content-start gap-5 overflow-y-auto p-5">
      <form
        className="relative"
        onSubmit={(event) => {
          event.preventDefault();
          setQ(String(new FormData(event.currentTarget).get("q")).trim());
        }}
      >
        <Icon name="search" className="icon absolute inset-s-3.5 top-3 text-muted" />
        <input
          name="q"
          type="search"
          className="input ps-11!"
          placeholder={t("search.placeholder")}
          aria-label={t("search.title")}
          data-shortcut="search"
        />
      </form>
      <Results course={course} q={q} tab="search" />
    </search>
  );
}
