import { stored } from "./stored";

export type Theme = "system" | "light" | "dark";

export const theme = stored<Theme>("studium.theme", "system");

export function applyTheme(chosen: Theme) {
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

applyTheme(theme.get());
