// Dark or light: as the system says, until the button says otherwise for this tab.
import { element } from "./markup.js";

export function followTheme() {
  const system = window.matchMedia("(prefers-color-scheme: light)");
  const button = element("theme");
  let chosen = "";
  const draw = () => {
    const theme = chosen || (system.matches ? "light" : "dark");
    document.documentElement.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", `${button.textContent} theme`);
  };
  button.addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    draw();
  });
  system.addEventListener("change", draw);
  draw();
}
