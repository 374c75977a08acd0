import type { DetailedError, HttpRequest, HttpResponse } from "tus-js-client";
import { api, ok } from "@/shared/api/client";
import { type ApiProblem, asProblem, problemFrom } from "@/shared/api/problem";
import { accessToken, renew } from "@/shared/api/session";
import type { Material } from "@/shared/api/types";
import { addressOf, forgetUpload, rememberUpload, uploadOf } from "./begun";

interface Sending {
  course: string;
  file: File;
  signal: AbortSignal;
  onProgress: (sent: number) => void;
}

const chunkBytes = 8 * 1024 * 1024;
const retryMilliseconds = [500, 1000, 3000, 5000, 10_000];
/** What passes by itself: another chunk was faster, a process is being replaced. */
const passing = new Set([0, 409, 423, 502, 503, 504]);

/** Uploads one file, or what the server does not have of it yet. Stopping ends the upload there too. */
export async function send(sending: Sending): Promise<Material> {
  const id = await sent(sending);
  return ok(api.GET("/v1/materials/{material_id}", { params: { path: { material_id: id } } }));
}

async function sent({ course, file, signal, onProgress }: Sending): Promise<string> {
  const { Upload } = await import("tus-js-client");
  const mine = uploadOf(course, file);
  return new Promise((resolve, reject: (problem: ApiProblem) => void) => {
    const upload = new Upload(file, {
      ...authorised(),
      endpoint: "/v1/uploads",
      uploadUrl: addressOf(mine),
      // Where it goes on is kept in `begun.ts`, with whatever else this browser keeps.
      storeFingerprintForResuming: false,
      metadata: { filename: file.name, course_id: course },
      chunkSize: chunkBytes,
      retryDelays: retryMilliseconds,
      onShouldRetry: (error) => passing.has(statusOf(error)),
      onUploadUrlAvailable: () => rememberUpload(mine, upload.url ?? ""),
      onProgress: (bytes, total) => onProgress(bytes / (total || 1)),
      onSuccess: ({ lastResponse }) => {
        forgetUpload(mine);
        resolve(lastResponse.getHeader("Studium-Material") ?? "");
      },
      onError: (error) => reject(problemOf(error)),
    });
    signal.addEventListener("abort", () => {
      forgetUpload(mine);
      upload.abort(true).catch(() => undefined); // it ends by itself a day later
    });
    if (!signal.aborted) upload.start();
  });
}

/** Each request with a token of this moment. What is thrown here is tried again. */
function authorised() {
  let token: string | null = null;
  return {
    onBeforeRequest: async (request: HttpRequest) => {
      token = await accessToken();
      if (token) request.setHeader("Authorization", `Bearer ${token}`);
    },
    onAfterResponse: async (request: HttpRequest, response: HttpResponse) => {
      const status = response.getStatus();
      if (status === 401 && (await renew(token))) throw new Error("The token was renewed.");
      // Only an upload that is not there is begun anew.
      if (request.getMethod() === "HEAD" && status >= 400 && status !== 404)
        throw new Error(`HEAD was answered ${status}.`);
    },
  };
}

const statusOf = (error: DetailedError) => error.originalResponse?.getStatus() ?? 0;

function problemOf(error: Error | DetailedError): ApiProblem {
  const response = "originalResponse" in error ? error.originalResponse : null;
  if (!response) return asProblem(null);
  return problemFrom(
    parsed(response.getBody()),
    response.getStatus(),
    response.getHeader("x-request-id"),
  );
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
