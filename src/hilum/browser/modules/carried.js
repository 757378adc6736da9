// What travels with the page: inside it as text, or beside it as files.

import { fromBase64 } from "./base64.js";
import { HilumError } from "./errors.js";

/** The bytes of a part: those inside the page, else the file of that name beside it. */
export async function carried(name) {
  const inside = document.getElementById(`carried-${name}`);
  if (!inside) return beside(name);
  const packed = fromBase64(inside.textContent);
  inside.remove(); // tens of millions of letters that nobody needs any more
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function beside(name) {
  try {
    const response = await fetch(name, { cache: "no-cache" }); // of this export, not of one before it
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch {
    // said below, in one sentence with a file that is missing
  }
  throw new HilumError(
    `'${name}' cannot be read beside this page.`,
    "the whole folder on a web server, by https or on this machine itself",
    "From a disc or a USB stick open hilum.html instead.",
  );
}

/** What the page knows of its model, written into it when it was made. */
export function facts() {
  return JSON.parse(document.getElementById("facts").textContent);
}
