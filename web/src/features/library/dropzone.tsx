import { useRef, useState } from "react";
import { t } from "@/shared/i18n";
import { Icon } from "@/shared/ui/icons";

export function Dropzone({ onFiles }: { onFiles: (files: File[]) => void }) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <section
      className="dropzone"
      aria-label={t("upload.zone")}
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
      <Icon name="upload" className="icon size-7 text-accent" />
      <p className="font-semibold">{t("upload.drop")}</p>
      <p className="text-sm text-muted">{t("upload.hint")}</p>
      <button type="button" className="btn btn-primary mt-2" onClick={() => input.current?.click()}>
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
