import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { lingui } from "@lingui/vite-plugin";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const dist = here("../src/studium/web/dist");
const api = process.env.STUDIUM_API ?? "http://127.0.0.1:8000";

/** The character maps and standard fonts that pdf.js asks for by name, beside the hashed assets. */
function pdfResources(): Plugin {
  const folders = ["cmaps", "standard_fonts"];
  return {
    name: "pdf-resources",
    apply: "build",
    closeBundle() {
      for (const folder of folders) {
        const from = here(`node_modules/pdfjs-dist/${folder}`);
        if (existsSync(from)) cpSync(from, `${dist}/assets/pdf/${folder}`, { recursive: true });
      }
    },
  };
}

const leastBytes = 1024;

/** `.br` and `.gz` beside every text of the build: compressed once, not per request. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    enforce: "post",
    closeBundle() {
      for (const path of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|mjs|css|svg)$/.test(path)) continue;
        const file = join(dist, path);
        const bytes = readFileSync(file);
        if (bytes.length < leastBytes) continue;
        writeFileSync(`${file}.br`, brotliCompressSync(bytes));
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), lingui(), pdfResources(), compressed()],
  resolve: { alias: { "@": here("src") } },
  server: { proxy: { "/v1": { target: api, ws: true } } },
  build: {
    outDir: dist,
    emptyOutDir: true,
    target: "es2023",
    // light-dark() stays as written: older browsers are not asked to open this app.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The page's policy allows neither data: scripts nor inline ones.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    chunkSizeWarningLimit: 1200,
  },
});
