// How often a call is right: PPV and NPV of the operating point that decides.
import { copyOf, part, say } from "./markup.js";
import { percent, prevalence, range } from "./numbers.js";
import { aboutValues } from "./words.js";

/** Fills the table of a reading's element; hidden where there is no `decision`. What holds for it stands out. */
export function values(root, decision, model) {
  const [table, point] = [part(root, "values"), model.operating_points.find((one) => one.name === model.operating_point)];
  table.hidden = !decision;
  table.dataset.call = decision;
  if (!decision) return;
  part(root, "value-rows").replaceChildren(...model.predictive_values.map(line));
  part(root, "value-words").textContent = aboutValues(model, point);
}

function line(row) {
  const drawn = copyOf("value");
  part(drawn, "prevalence").textContent = prevalence(row.prevalence);
  for (const name of ["ppv", "npv"]) {
    const [value, low, high] = ["", "_low", "_high"].map((end) => row[name + end]);
    part(drawn, name).textContent = typeof value === "number" ? percent(value) : "not defined";
    say(part(drawn, `${name}-ends`), typeof low === "number" ? range(low, high) : "");
  }
  return drawn;
}
