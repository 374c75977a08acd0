import { type ApiProblem, asProblem, problemFrom } from "@/shared/api/problem";
import { accessToken } from "@/shared/api/session";
import type { Material } from "@/shared/api/types";

interface Sending {
  course: string;
  file: File;
  signal: AbortSignal;
  onProgress: (sent: number) => void;
}

/** Uploads one file. XMLHttpRequest, because fetch still says nothing of bytes sent. */
export async function send({ course, file, signal, onProgress }: Sending): Promise<Material> {
  const token = await accessToken();
  return new Promise((resolve, reject: (problem: ApiProblem) => void) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/v1/courses/${course}/materials`);
    if (token) request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.loaded / (event.total || 1));
    request.onload = () => {
      if (request.status < 300) resolve(request.response as Material);
      else
        reject(
          problemFrom(request.response, request.status, request.getResponseHeader("x-request-id")),
        );
    };
    request.onerror = () => reject(asProblem(null));
    signal.addEventListener("abort", () => request.abort());
    const body = new FormData();
    body.append("file", file);
    request.send(body);
  });
}
