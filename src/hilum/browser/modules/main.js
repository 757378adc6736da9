// The page without a server: the page of `hilum serve`, less what only a server can do.

import "../../web/static/page.js";
import { Server, look } from "./server.js";
import { element } from "../../web/static/markup.js";

element("chooser").accept = "image/jpeg,image/png,.jpg,.jpeg,.png";

if ("serviceWorker" in navigator && document.documentElement.dataset.worker) {
  navigator.serviceWorker.register(document.documentElement.dataset.worker).catch(() => {
    // Without it the page answers as well, only not without its server.
  });
}

// For whoever wants the answers as values: `await hilum.predict(file)` in the console of the page.
globalThis.hilum = { predict: async (file) => new Server().predict(file), look };
