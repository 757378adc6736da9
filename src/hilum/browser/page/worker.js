// Keeps the files of this folder in the browser, so that the page answers without a network.
// A new export has another version and takes the place of the old one.

const OURS = `hilum ${self.registration.scope} `; // other pages of the same address keep theirs
const NAME = `${OURS}{{ version }}`;
const FILES = {{ files }};

self.addEventListener("install", (event) => {
  // Past the HTTP cache, which may hold files of an older export that nobody will ask the server about again.
  const fresh = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(fresh)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== self.location.origin) return;
  event.respondWith(kept(event.request));
});

async function kept(request) {
  const found = await (await caches.open(NAME)).match(request, { ignoreSearch: true });
  return found ?? fetch(request);
}

async function forgetOthers() {
  const old = (name) => name.startsWith(OURS) && name !== NAME;
  await Promise.all((await caches.keys()).filter(old).map((name) => caches.delete(name)));
}
