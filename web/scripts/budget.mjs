// What a first visit downloads, gzipped: exits 1 when a limit of the design is passed.
import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../../src/studium/web/dist/", import.meta.url);
const limits = { first: 120, route: 40, css: 20 };
// Loaded only when a book is opened, by itself: pdf.js and its worker.
const lazy = /pdfjs-dist/;

if (!existsSync(new URL(".vite/manifest.json", dist))) {
  console.error("Nothing is built yet: run `npm run build` first.");
  process.exit(1);
}
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const kilobytes = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length / 1024;
const sum = (files) => [...files].reduce((total, file) => total + kilobytes(file), 0);

/** A chunk and all that it imports at once. */
function closure(key, into = { js: new Set(), css: new Set() }) {
  const chunk = manifest[key];
  if (into.js.has(chunk.file)) return into;
  into.js.add(chunk.file);
  for (const file of chunk.css ?? []) into.css.add(file);
  for (const next of chunk.imports ?? []) closure(next, into);
  return into;
}

const entry = closure("index.html");
const rows = [["first load, JavaScript", sum(entry.js), limits.first]];
const styles = new Set(entry.css);
for (const key of manifest["index.html"].dynamicImports) {
  const route = closure(key);
  for (const file of route.css) styles.add(file);
  rows.push([`route ${key}`, sum(route.js.difference(entry.js)), limits.route]);
}
for (const key of Object.keys(manifest)) {
  const shown = rows.some(([name]) => name === `route ${key}`);
  if (shown || !manifest[key].isDynamicEntry || lazy.test(key)) continue;
  rows.push([`part ${key}`, sum(closure(key).js.difference(entry.js)), limits.route]);
}
rows.push(["CSS, all routes", sum(styles), limits.css]);

for (const [name, size, limit] of rows) {
  const mark = size > limit ? "OVER" : "ok";
  console.log(`${mark.padEnd(5)}${size.toFixed(1).padStart(7)} of ${limit} KB  ${name}`);
}
process.exit(rows.some(([, size, limit]) => size > limit) ? 1 : 0);
