// SHA-256 of bytes, in hexadecimal.

/** Empty where the browser gives this page no means to compute it. */
export async function sha256Of(bytes) {
  if (!globalThis.crypto?.subtle) return "";
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
