import { defineConfig } from "@lingui/cli";
import { formatter } from "@lingui/format-po";

export default defineConfig({
  sourceLocale: "en",
  locales: ["en"],
  catalogs: [{ path: "<rootDir>/src/shared/i18n/{locale}", include: ["src"] }],
  // Every message has an id of its own; the catalogue, not the code, holds the wording.
  format: formatter({ explicitIdAsDefault: true, origins: false }),
});
