/** The two places where the app hands strings to the browser's parsers, each with a policy named in the CSP. */

interface Policy {
  createHTML(html: string): string;
  createScriptURL(url: string): string;
}

interface TrustedTypes {
  createPolicy(name: string, rules: Partial<Policy>): Policy;
}

const factory = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;

function policy(name: string, rules: Partial<Policy>): Partial<Policy> {
  return factory ? factory.createPolicy(name, rules) : rules;
}

/** Notes arrive rendered and sanitised by the server (nh3); nothing else may pass here. */
const notes = policy("studium-notes", { createHTML: (html) => html });

const worker = policy("studium-worker", {
  createScriptURL(url) {
    const { origin, pathname } = new URL(url, location.href);
    const ours = origin === location.origin && /^\/(assets|node_modules)\//.test(pathname);
    if (!ours) throw new TypeError(`Not one of our workers: ${url}`);
    return url;
  },
});

export function fillWithNotes(element: Element, sanitised: string) {
  element.innerHTML = notes.createHTML?.(sanitised) ?? "";
}

export function startWorker(url: string): Worker {
  return new Worker(worker.createScriptURL?.(url) ?? "", { type: "module" });
}
