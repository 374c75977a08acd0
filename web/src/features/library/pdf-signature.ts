/** ISO 32000-2 §7.5.2; readers accept the header anywhere in the first 1024 bytes. */
export async function looksLikePdf(file: Blob): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, 1024).arrayBuffer());
  return new TextDecoder("latin1").decode(head).includes("%PDF-");
}
