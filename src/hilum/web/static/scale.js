// A probability on its scale from 0 to 1, with the threshold from which the model speaks of signs of pneumonia.
import { copyOf, part, say } from "./markup.js";
import { apart } from "./numbers.js";
import { besideOneHalf } from "./words.js";

/** `where` says at which prevalence the probability holds. */
export function scale({ probability, threshold, point, where }) {
  const drawn = copyOf("scale");
  const [said, limit] = [apart(probability, threshold), apart(threshold, probability)];
  part(drawn, "figure").textContent = said;
  part(drawn, "where").textContent = where;
  part(drawn, "under").textContent = `Signs are reported from ${limit} on (${point})`;
  say(part(drawn, "beside-half"), besideOneHalf(probability, threshold));
  const track = part(drawn, "track");
  track.style.setProperty("--here", `${100 * probability}%`);
  track.style.setProperty("--from", `${100 * threshold}%`);
  track.setAttribute("aria-label", `${said} on a scale from 0 to 100 %; signs are reported from ${limit} on`);
  return drawn;
}
