import { useRef, useState } from "react";
import { Art } from "@/shared/ui/art";
import { Icon } from "@/shared/ui/icons";
import { t } from "./messages";

interface Props {
  /** The course has no book yet: the zone is the page's one action. */
  first: boolean;
  onFiles: (files: File[]) => void;
}

export function Dropzone({ first, onFiles }: Props) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <section
      className="dropzone"
      aria-label={t("upload.zone")}
      data-first={first}
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFiles([...event.dataTransfer.files]);
      }}
    >
      {first ? <Art /> : <Icon name="upload" className="icon size-6 text-accent" />}
      <div className="grid gap-1">
        {first ? <h2>{t("shelf.empty")}</h2> : <p className="font-semibold">{t("upload.drop")}</p>}
        <p className="text-sm text-muted">{t(first ? "shelf.empty-text" : "upload.hint")}</p>
      </div>
      <button type="button" className="btn btn-primary" onClick={() => input.current?.click()}>
        {t("upload.choose")}
      </button>
      <input
        ref={input}
        type="file"
        accept="application/pdf,.pdf"
        multiple
        hidden
        aria-label={t("upload.choose")}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          // So that the same file can be chosen again after it failed.
          event.target.value = "";
        }}
      />
    </section>
  );
}
