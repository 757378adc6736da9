"use strict";
(() => {
  const values = JSON.parse(document.getElementById("values").textContent);
  const panel = document.getElementById("channel");
  const boxes = [...document.querySelectorAll(".layer > .box")];
  const LINES = 2; // of tiles, before all are asked for
  let chosen = null; // the tile whose channel the panel shows

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const whole = (text) => new Int32Array(bytes(text).buffer);
  const real = (text) => new Float32Array(bytes(text).buffer);
  const at = (layer, what, read) => (layer[`${what}_`] ??= read(layer[what]));
  const order = (layer) => at(layer, "order", whole);

  // A sheet becomes a picture when it is first shown; all its tiles share that.
  const address = (sheet) => (sheet.address ??= URL.createObjectURL(new Blob([bytes(sheet.picture)], { type: sheet.type })));

  function hang(box, sheet) {
    box.style.setProperty("--sheet", `url("${address(sheet)}")`);
    box.style.setProperty("--size", `${(100 * sheet.size[1]) / sheet.tile[1]}% ${(100 * sheet.size[0]) / sheet.tile[0]}%`);
    box.classList.toggle("smooth", sheet.tile[0] >= 56);
  }

  // Which part of the sheet an element shows: in per cent, so that it fits an element of any size.
  function place(element, sheet, index) {
    const row = Math.floor(index / sheet.columns);
    const column = index % sheet.columns;
    const [down, across] = [sheet.size[0] - sheet.tile[0], sheet.size[1] - sheet.tile[1]];
    element.style.setProperty("--x", `${across ? (100 * column * sheet.step[1]) / across : 0}%`);
    element.style.setProperty("--y", `${down ? (100 * row * sheet.step[0]) / down : 0}%`);
  }

  function fill(element, sheet, index) {
    hang(element, sheet);
    place(element, sheet, index);
  }

  function tileOf(layer, rank) {
    const channel = order(layer)[rank];
    const strength = at(layer, "strength", real);
    const tile = document.createElement("button");
    tile.type = "button";
    tile.className = "tile";
    tile.tabIndex = -1;
    tile.dataset.rank = rank;
    const isDead = rank >= layer.sheet.count - layer.dead;
    if (isDead) tile.classList.add("dead");
    tile.style.setProperty("--strength", strength[order(layer)[0]] ? strength[channel] / strength[order(layer)[0]] : 0);
    place(tile, layer.sheet, rank);
    const isUnit = layer.map[0] * layer.map[1] === 1;
    const value = isUnit ? short(at(layer, "highest", real)[channel]) : "";
    if (isUnit && !isDead) label(tile, value);
    const from = blackOf(layer, channel);
    const name = `channel ${channel}${isDead ? ", dead" : isUnit ? `, says ${value}` : from ? `, black is ${short(from)}` : ""}`;
    tile.title = name;
    tile.setAttribute("aria-label", name);
    tile.setAttribute("aria-pressed", "false");
    return tile;
  }

  function lineLength(box) {
    const style = getComputedStyle(box);
    const tile = parseFloat(style.getPropertyValue("--tile"));
    return Math.max(1, Math.floor((box.clientWidth - 20 + 4) / (tile + 4)));
  }

  function hangTiles(box, ranks) {
    const layer = values.layers[box.closest("[data-layer]").dataset.layer];
    hang(box, layer.sheet);
    const tiles = ranks.map((rank) => tileOf(layer, rank));
    if (tiles.length && !box.querySelector(".tile")) tiles[0].tabIndex = 0;
    box.querySelector(".more")?.remove();
    box.append(...tiles);
  }

  function show(box, isWhole) {
    const layer = values.layers[box.closest("[data-layer]").dataset.layer];
    const count = layer.sheet.count;
    const there = box.querySelectorAll(".tile").length;
    const first = LINES * lineLength(box);
    const upTo = isWhole || count <= first * 1.25 ? count : Math.min(count, first);
    box.dataset.state = isWhole || upTo === count ? "whole" : "first";
    if (upTo > there) hangTiles(box, Array.from({ length: upTo - there }, (_, index) => there + index));
    box.querySelector(".more")?.remove();
    if (upTo < count) {
      const more = document.createElement("button");
      more.type = "button";
      more.className = "more";
      more.textContent = `All ${count.toLocaleString("en")} channels`;
      box.append(more);
    }
  }

  // Channels over the film, their maps laid where they look, whichever layer they are of.
  function showSpeaking(box) {
    const over = values.over[box.dataset.speaks];
    if (!over) return;
    const lines = box.dataset.speaks === "strongest" ? 3 : 2;
    box.style.setProperty("--film", `url("${values.film}")`);
    hang(box, over.sheet);
    over.channels.slice(0, lines * lineLength(box)).forEach(([layer, rank, adds], index) => {
      const tile = tileOf(values.layers[layer], rank);
      tile.dataset.layer = layer;
      place(tile, over.sheet, index);
      if (adds !== null) label(tile, signed(adds));
      box.append(tile);
    });
    if (box.firstElementChild) box.firstElementChild.tabIndex = 0;
  }

  function label(tile, text) {
    const line = document.createElement("b");
    line.textContent = text;
    tile.append(line);
  }

  const signed = (number) => `${number < 0 ? "−" : "+"}${Math.abs(number).toFixed(2)}`;
  const short = (number) => (Math.abs(number) >= 100 ? number.toFixed(0) : number.toPrecision(3)).replace("-", "−");

  const blackOf = (layer, channel) => (layer.black ? at(layer, "black", real)[channel] : 0);

  const middle = ([first, last, step], at) => [(first + last + 1 - step) / 2 + at * step, (first + last + 1 + step) / 2 + at * step];
  const spans = (layer, where) => [[layer.sees.slice(0, 3), Math.floor(where / layer.map[1])], [layer.sees.slice(3), where % layer.map[1]]];

  function put(element, down, across) {
    const share = (pixels) => `${(100 * pixels) / values.side}%`;
    Object.assign(element.style, { top: share(down[0]), left: share(across[0]), width: share(across[1] - across[0]), height: share(down[1] - down[0]) });
  }

  // What a place sees, as a box over the film; where that is nearly all of it, the place itself, dashed.
  function frame(element, layer, where) {
    const sees = layer.sees;
    element.hidden = !sees || where < 0;
    if (element.hidden) return false;
    const side = values.side;
    const cut = (pixel) => Math.min(side, Math.max(0, pixel));
    const ends = ([first, last, step], at) => [cut(first + at * step), cut(last + 1 + at * step)];
    const axes = spans(layer, where);
    let [down, across] = axes.map(([span, at]) => ends(span, at));
    const isWide = (down[1] - down[0]) * (across[1] - across[0]) > 0.6 * side * side;
    if (isWide) [down, across] = axes.map(([span, at]) => middle(span, at).map(cut));
    element.classList.toggle("place", isWide);
    const atLeast = ([start, end]) => [start, Math.max(start + 1, end)];
    put(element, atLeast(down), atLeast(across));
    return isWide;
  }

  // The map in the film's frame, each place where it looks, and a mark on one of them. A layer whose places see the
  // whole film has no such middles: its map goes from edge to edge.
  function lay(view, layer, where) {
    const [grid, rim] = view.children;
    const [height, width] = layer.map;
    const side = values.side;
    const extent = (span, count) => [middle(span, 0)[0], middle(span, count - 1)[1]];
    const evenly = (at, count) => [(at * side) / count, ((at + 1) * side) / count];
    if (layer.sees) put(grid, extent(layer.sees.slice(0, 3), height), extent(layer.sees.slice(3), width));
    else put(grid, [0, side], [0, side]);
    rim.hidden = height * width === 1 || where < 0;
    if (rim.hidden) return;
    const [down, across] = layer.sees
      ? spans(layer, where).map(([span, at]) => middle(span, at))
      : [evenly(Math.floor(where / width), height), evenly(where % width, width)];
    const visible = ([start, end]) => {
      const least = 0.04 * side; // a smaller mark would not be seen
      const lacking = Math.max(0, least - (end - start)) / 2;
      return [start - lacking, end + lacking];
    };
    put(rim, visible(down), visible(across));
    rim.classList.toggle("place", true);
  }

  function open(tile) {
    chosen?.setAttribute("aria-pressed", "false");
    chosen = tile;
    tile.setAttribute("aria-pressed", "true");
    const layer = values.layers[tile.closest("[data-layer]").dataset.layer];
    const rank = Number(tile.dataset.rank);
    const channel = order(layer)[rank];
    const isDead = tile.classList.contains("dead");
    const where = isDead ? -1 : at(layer, "places", whole)[channel];
    panel.querySelector("h3").textContent = `Channel ${channel}`;
    panel.querySelector(".where").textContent = `layer ${layer.number}, ${layer.name}`;
    const film = document.getElementById("on-film");
    film.style.background = `url("${values.film}") 0 0 / 100% 100%`;
    film.classList.add("smooth");
    const isPlace = frame(film.firstElementChild, layer, where);
    const map = document.getElementById("on-map");
    fill(map, layer.sheet, rank);
    lay(map, layer, where);
    const isMap = layer.map[0] * layer.map[1] > 1;
    film.nextElementSibling.textContent = `the film${!layer.sees || where < 0 ? "" : isPlace ? ", the brightest place dashed" : ", boxed what the brightest place sees"}`;
    map.nextElementSibling.textContent = !isMap ? "what the unit says" : layer.sees ? "the map where it looks, the brightest place dashed" : "the map from edge to edge: each place sees the whole film";
    panel.querySelector(".says").textContent = says(layer, rank, channel, isDead);
    showNine(layer, channel, isDead);
    panel.hidden = false;
    document.body.classList.add("beside");
  }

  function says(layer, rank, channel, isDead) {
    if (isDead) return "Dead: it was never above 0.";
    const parts = [
      layer.map[0] * layer.map[1] === 1 ? `Says ${short(at(layer, "highest", real)[channel])}` : `Highest ${short(at(layer, "highest", real)[channel])}, mean strength ${short(at(layer, "strength", real)[channel])}`,
      `number ${rank + 1} of ${layer.sheet.count.toLocaleString("en")} in its layer`,
    ];
    const from = blackOf(layer, channel);
    const text = `${parts.join("; ")}.${from ? ` Bright nearly everywhere, so black is ${short(from)} here, not 0.` : ""}`;
    if (!layer.adds) return text;
    const adds = at(layer, "adds", real)[channel];
    return `${text} Adds ${signed(adds)} to the logit: ${adds > 0 ? "for" : "against"} pneumonia.`;
  }

  function showNine(layer, channel, isDead) {
    const nine = document.getElementById("nine");
    nine.replaceChildren();
    if (!layer.top || isDead) return;
    const each = layer.top.each;
    const films = at(layer.top, "films", whole).subarray(channel * each, (channel + 1) * each);
    const places = at(layer.top, "places", whole).subarray(channel * each, (channel + 1) * each);
    const labels = [...films].map((film) => values.films.labels[film]);
    const head = document.createElement("h3");
    const ill = labels.filter((label) => label === "pneumonia").length;
    head.textContent = labels[0] ? `What excites it most: ${ill} of ${each} with pneumonia` : "What excites it most";
    const base = document.createElement("p");
    base.className = "base";
    const { looked_at: every, with_pneumonia: known } = values.films;
    const share = known / every;
    base.textContent = `Of the ${every.toLocaleString("en")} films looked at, ${known.toLocaleString("en")} have it (${(100 * share).toFixed(0)} %): ${(share * each).toFixed(1)} of ${each} would by chance.`;
    base.hidden = !labels[0];
    const grid = document.createElement("div");
    films.forEach((film, index) => {
      const figure = document.createElement("figure");
      const view = document.createElement("div");
      view.className = "view";
      const rim = document.createElement("i");
      view.append(rim);
      fill(view, values.films.sheets[Math.floor(film / values.films.sheet_of)], film % values.films.sheet_of);
      frame(rim, layer, places[index]);
      const caption = document.createElement("figcaption");
      caption.textContent = labels[index];
      if (labels[index]) figure.classList.add(labels[index]);
      figure.title = values.films.names[film];
      figure.append(view, caption);
      grid.append(figure);
    });
    nine.append(head, base, grid);
  }

  function close() {
    panel.hidden = true;
    document.body.classList.remove("beside");
    chosen?.setAttribute("aria-pressed", "false");
    chosen?.focus();
    chosen = null;
  }

  function go(from, to) {
    if (!to) return;
    from.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
    to.scrollIntoView({ block: "nearest" });
    if (!panel.hidden) open(to);
  }

  function step(tile, key) {
    const box = tile.closest(".box");
    if (box.dataset.state === "first" && ["ArrowDown", "End"].includes(key)) show(box, true);
    const tiles = [...box.querySelectorAll(".tile")];
    const index = tiles.indexOf(tile);
    const line = tiles.filter((one) => one.offsetTop === tiles[0].offsetTop).length;
    const moves = { ArrowLeft: index - 1, ArrowRight: index + 1, ArrowUp: index - line, ArrowDown: index + line, Home: 0, End: tiles.length - 1 };
    if (!(key in moves)) return false;
    go(tile, tiles[moves[key]]);
    return true;
  }

  function toLayer(by) {
    const here = document.activeElement?.closest?.(".layer") ?? sections().find((one) => one.getBoundingClientRect().bottom > 80);
    const next = sections()[sections().indexOf(here) + by];
    if (!next) return;
    next.scrollIntoView({ block: "start" });
    const box = next.querySelector(".box");
    if (!box.dataset.state) show(box, false);
    const tile = box.querySelector(".tile");
    tile.focus({ preventScroll: true });
    if (!panel.hidden) open(tile);
  }

  const sections = () => [...document.querySelectorAll(".layer")];

  function zoom(pixels) {
    const slider = document.getElementById("zoom");
    slider.value = pixels;
    document.documentElement.style.setProperty("--tile", `${slider.value}px`);
    for (const box of boxes) if (box.dataset.state === "first") show(box, false);
  }

  document.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (tile) return tile === chosen ? close() : (go(tile.closest(".box").querySelector('.tile[tabindex="0"]') ?? tile, tile), open(tile));
    const more = event.target.closest(".more");
    if (!more) return undefined;
    const box = more.closest(".box");
    const there = box.querySelectorAll(".tile").length;
    show(box, true);
    return box.querySelectorAll(".tile")[there]?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
    const slider = document.getElementById("zoom");
    const tile = event.target.closest?.(".tile");
    let isTaken = true;
    if (event.key === "Escape" && !panel.hidden) close();
    else if (event.key === "]") toLayer(1);
    else if (event.key === "[") toLayer(-1);
    else if (event.key === "+" || event.key === "=") zoom(Number(slider.value) + 12);
    else if (event.key === "-") zoom(Number(slider.value) - 12);
    else isTaken = tile ? step(tile, event.key) : false;
    if (isTaken) event.preventDefault();
  });
  document.getElementById("close").addEventListener("click", close);
  document.getElementById("zoom").addEventListener("input", (event) => zoom(event.target.value));
  document.getElementById("all").addEventListener("click", () => boxes.forEach((box) => show(box, true)));

  // A layer's tiles are hung when it comes near the window.
  const watch = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        watch.unobserve(entry.target);
        show(entry.target.querySelector(".box"), false);
      }
    },
    { rootMargin: "600px" },
  );
  sections().forEach((section) => watch.observe(section));
  document.querySelectorAll(".speaking").forEach(showSpeaking);

  const filters = document.getElementById("first-filters");
  if (filters) {
    hang(filters, values.filters);
    for (let index = 0; index < values.filters.count; index += 1) {
      const tile = document.createElement("span");
      tile.className = "tile";
      tile.title = `channel ${index}`;
      place(tile, values.filters, index);
      filters.append(tile);
    }
  }
})();
