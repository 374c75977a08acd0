import { currentAccount } from "@/shared/api/session";
import { stored } from "@/shared/ui/stored";

/** Uploads that this browser began and did not end, so that they go on after a reload. */
const begun = stored<[upload: string, address: string][]>("studium.uploads", []);
const most = 50;

/** The same file, for the same course, by the same person. */
export const uploadOf = (course: string, file: File): string =>
  JSON.stringify([currentAccount()?.id, course, file.name, file.size, file.lastModified]);

const others = (upload: string) => begun.get().filter(([known]) => known !== upload);

export const addressOf = (upload: string): string | null =>
  begun.get().find(([known]) => known === upload)?.[1] ?? null;

export const rememberUpload = (upload: string, address: string) =>
  begun.set([...others(upload), [upload, address] as [string, string]].slice(-most));

export const forgetUpload = (upload: string) => begun.set(others(upload));
