import { defineConfig } from "@lingui/cli";
import { formatter } from "@lingui/format-po";

export default defineConfig({
  sourceLocale: "en",
  locales: ["en"],
  catalogs: [
    { path: "<rootDir>/src/features/{name}/{locale}", include: ["src/features/{name}"] },
    { path: "<rootDir>/src/shared/i18n/{locale}", include: ["src/shared", "src/app"] },
  ],
  // Every message has an id of its own; the catalogues, not the code, hold the wording.
  format: formatter({ explicitIdAsDefault: true, origins: false }),
});
