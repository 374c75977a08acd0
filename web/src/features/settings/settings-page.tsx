import { useQuery } from "@tanstack/react-query";
import { shortcutsOn } from "@/shared/a11y/shortcuts";
import { api, ok } from "@/shared/api/client";
import { Loaded } from "@/shared/ui/loaded";
import { Switch } from "@/shared/ui/switch";
import { applyTheme, type Theme, theme } from "@/shared/ui/theme";
import { useTitle } from "@/shared/ui/title";
import { t } from "./messages";

const themes: Theme[] = ["system", "light", "dark"];

export function SettingsPage({ children }: { children?: React.ReactNode }) {
  useTitle(t("settings.title"));
  const account = useQuery({
    queryKey: ["account"],
    queryFn: () => ok(api.GET("/v1/auth/me")),
  });
  return (
    <main id="main" className="page narrow">
      <h1 className="mb-8">{t("settings.title")}</h1>
      <div className="card divide-y divide-line">
        <section className="grid gap-4 p-6" aria-labelledby="account">
          <h2 id="account">{t("settings.account")}</h2>
          <Loaded query={account}>
            {(me) => (
              <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
                <dt className="text-muted">{t("field.name")}</dt>
                <dd className="wrap-anywhere">{me.name}</dd>
                <dt className="text-muted">{t("field.email")}</dt>
                <dd className="wrap-anywhere">{me.email}</dd>
              </dl>
            )}
          </Loaded>
          {children}
        </section>
        <Appearance />
        <Keys />
      </div>
    </main>
  );
}

function Appearance() {
  const chosen = theme.use();
  return (
    <fieldset className="grid gap-3 p-6">
      <legend className="contents">
        <span className="font-serif text-xl font-semibold">{t("settings.theme")}</span>
      </legend>
      <div className="flex flex-wrap gap-2">
        {themes.map((name) => (
          <label key={name} className="btn has-checked:border-accent has-checked:bg-accent-soft">
            <input
              type="radio"
              name="theme"
              className="accent-accent"
              value={name}
              checked={chosen === name}
              onChange={() => {
                theme.set(name);
                applyTheme(name);
              }}
            />
            {t(`theme.${name}`)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Keys() {
  const on = shortcutsOn.use();
  return (
    <section className="grid gap-3 p-6" aria-labelledby="keys">
      <h2 id="keys">{t("keys.title")}</h2>
      <Switch label={t("settings.keys")} checked={on} onChange={shortcutsOn.set} />
    </section>
  );
}
