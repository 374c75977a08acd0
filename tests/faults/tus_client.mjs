// Uploads a file with tus-js-client, as told by JSON on the command line. Half-way it waits until its
// token has expired. It says on standard output what the upload came to.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const told = JSON.parse(process.argv[2]);
const { Upload } = createRequire(told.packages)("tus-js-client");
const file = readFileSync(told.file);
const me = () => fetch(`${told.direct}/v1/auth/me`, { headers: bearer() });
const bearer = () => ({ Authorization: `Bearer ${token}` });
let token = told.token;
let waited = false;
let refreshed = 0;
let requests = 0;

async function refresh() {
  const headers = { Cookie: told.cookie };
  const response = await fetch(`${told.direct}/v1/auth/refresh`, { method: "POST", headers });
  token = (await response.json()).access_token;
  refreshed += 1;
}

const upload = new Upload(file, {
  endpoint: `${told.road}/v1/uploads`,
  metadata: { filename: "book.pdf", course_id: told.course },
  chunkSize: told.chunk,
  retryDelays: Array(told.retries).fill(50),
  onBeforeRequest: async (request) => {
    requests += 1;
    if (!waited && request.getMethod() === "PATCH" && upload._offset > file.length / 2) {
      waited = true;
      while ((await me()).ok) await new Promise((resolve) => setTimeout(resolve, 200));
    }
    request.setHeader("Authorization", bearer().Authorization);
  },
  onAfterResponse: async (_, response) => {
    if (response.getStatus() !== 401) return;
    await refresh();
    throw new Error("try again with the new token");
  },
  onSuccess: ({ lastResponse }) => {
    const material = lastResponse.getHeader("Studium-Material");
    console.log(JSON.stringify({ material, url: upload.url, refreshed, requests }));
    process.exit(0);
  },
  onError: (error) => {
    console.error(String(error));
    process.exit(1);
  },
});
upload.start();
