/* The review map: areas, and on them the places that were mended, found or break a rule; with a list of all. */
"use strict";

const GRIDGIS_REVIEW = {
  rule: { colour: "#b3261e", on: true },
  found: { colour: "#d9730d", on: true },
  done: { colour: "#1b7f4b", on: true },
  confirmed: { colour: "#6b5b95", on: false },
};

function gridgisReview(map, data) {
  const { words, el, both, whole } = gridgis;
  const town = words.town;
  const decode = gridgisDecoder(data);
  const rings = (shape) => shape.map((polygon) => polygon.map(decode));
  const narrow = window.innerWidth <= 720;
  map.getContainer().classList.add("gg-map");

  const pane = (name, z) => {
    map.createPane(name).style.zIndex = z;
    return L.canvas({ pane: name, padding: 0.4, tolerance: 6 });
  };
  const ground = pane("ground", 210);
  const borders = pane("borders", 420);
  const marks = pane("marks", 440);
  map.getPane("ground").style.pointerEvents = "none";
  map.getPane("borders").style.pointerEvents = "none";

  // ---- the town, quietly
  const base = L.layerGroup().addTo(map);
  for (const item of data.town.areas) {
    const style = { water: { fillColor: town.water, color: town.shore }, buildings: { fillColor: town.building, color: town.building_line } }[item.layer];
    if (style) L.polygon(rings(item.shape), { renderer: ground, interactive: false, fillOpacity: 0.8, weight: 0.5, ...style }).addTo(base);
  }
  for (const item of data.town.lines) {
    const colour = { railways: town.rail, rivers: town.water }[item.layer] || "#ffffff";
    L.polyline(item.shape.map(decode), { renderer: ground, interactive: false, color: colour, weight: item.layer === "roads" ? 3 : 2 }).addTo(base);
  }

  // ---- areas, by level
  const levels = [...new Set(data.areas.map((area) => area.level))].sort((a, b) => (a ?? 9) - (b ?? 9));
  const lines = new Map(levels.map((level) => [level, L.layerGroup()]));
  const tone = (level) => (words.levels[level] || words.levels[2]).line;
  for (const area of data.areas) {
    L.polygon(rings(area.shape), { renderer: borders, interactive: false, fill: false, color: tone(area.level), weight: { 1: 3, 2: 2 }[area.level] || 1.2, opacity: 0.85 }).addTo(lines.get(area.level));
  }
  for (const level of levels) if (level !== 3) lines.get(level).addTo(map);
  if (levels.length === 1) lines.get(levels[0]).addTo(map);

  // ---- places
  const groups = {};
  let chosen = null;
  const card = (layer, group, place) =>
    el("div", { class: "gg review-card" },
      el("p", { class: "kind" }, both(layer), " · ", both(group)),
      el("p", { class: "zh" }, place.zh), el("p", { class: "en", lang: "en" }, place.en));

  function show(layer, group, place) {
    if (!place.at) return;
    if (!map.hasLayer(groups[layer.key])) switchOn(layer.key);
    if (chosen) chosen.remove();
    const bounds = L.latLngBounds(place.bounds);
    const size = map.getSize();
    const pad = narrow ? { paddingTopLeft: [30, 90], paddingBottomRight: [30, size.y / 2] } : { paddingTopLeft: [400, 60], paddingBottomRight: [60, 60] };
    map.fitBounds(bounds, { maxZoom: 21, animate: false, ...pad });
    chosen = L.layerGroup().addTo(map);
    if (place.shape.length) L.polygon(rings(place.shape), { renderer: marks, interactive: false, color: "#1f6fb2", weight: 3, fillOpacity: 0.15 }).addTo(chosen);
    const at = decode(place.at)[0];
    L.popup({ maxWidth: 300, autoPanPaddingTopLeft: narrow ? [10, 80] : [390, 20], autoPanPaddingBottomRight: [10, narrow ? size.y / 2 : 20] })
      .setLatLng(at).setContent(card(layer, group, place)).openOn(map);
  }
  map.on("popupclose", () => { if (chosen) { chosen.remove(); chosen = null; } });

  for (const layer of data.layers) {
    const { colour, on } = GRIDGIS_REVIEW[layer.key];
    const all = groups[layer.key] = L.layerGroup();
    for (const group of layer.groups) {
      for (const place of group.places) {
        if (!place.at) continue;
        const click = () => show(layer, group, place);
        const open = (event) => { L.DomEvent.stop(event); click(); };
        if (place.shape.length) L.polygon(rings(place.shape), { renderer: marks, color: colour, weight: 1.5, fillColor: colour, fillOpacity: layer.key === "rule" ? 0.12 : 0.35 }).on("click", open).addTo(all);
        for (const at of decode(place.at)) L.circleMarker(at, { renderer: marks, radius: 5, color: "#fff", weight: 1.2, fillColor: colour, fillOpacity: 0.95 }).on("click", open).addTo(all);
      }
    }
    if (on) all.addTo(map);
  }

  // ---- the panel: switches and the list
  const box = (checked, change, ...children) => {
    const input = el("input", { type: "checkbox" });
    input.checked = checked;
    input.addEventListener("change", () => change(input.checked));
    return el("label", {}, input, ...children);
  };
  const toggle = (layer) => (on) => (on ? layer.addTo(map) : layer.remove());
  const boxes = {};
  function switchOn(key) {
    groups[key].addTo(map);
    boxes[key].querySelector("input").checked = true;
  }
  const count = (layer) => layer.groups.reduce((sum, group) => sum + group.places.length, 0);
  const present = data.layers.filter(count);

  function section(layer) {
    const { colour, on } = GRIDGIS_REVIEW[layer.key];
    boxes[layer.key] = box(on, toggle(groups[layer.key]), el("i", { class: "dot", style: `background:${colour}` }), both(layer), el("b", {}, whole(count(layer))));
    return el("section", { class: "layer", "data-layer": layer.key }, boxes[layer.key], ...layer.groups.map((group) => list(layer, group)));
  }
  /** A group of the list; its rows are made when it is opened: there may be thousands. */
  function list(layer, group) {
    const rows = el("ul");
    const node = el("details", {}, el("summary", {}, both(group), el("b", {}, whole(group.places.length))), rows);
    node.addEventListener("toggle", () => {
      if (!node.open || rows.childElementCount) return;
      rows.append(...group.places.map((place) => {
        const told = [el("span", { class: "zh" }, place.zh), el("span", { class: "en", lang: "en" }, place.en)];
        return el("li", {}, place.at ? el("button", { type: "button", onclick: () => show(layer, group, place) }, ...told) : el("p", {}, ...told, el("span", { class: "en" }, "（无位置 no place）")));
      }));
    });
    return node;
  }

  const nothing = present.length ? null : el("p", { class: "nothing" }, "没有修复，也没有违反规则 ", el("span", { class: "en" }, "nothing was repaired, no rule is broken"));
  const names = (level) => words.levels[level] || (levels.length > 1 ? words.kinds.dedicated : { zh: "面", en: "areas" });
  const switches = el("div", { class: "switches" },
    ...levels.map((level) => box(map.hasLayer(lines.get(level)), toggle(lines.get(level)), el("i", { class: "stroke", style: `border-color:${tone(level)}` }), both(names(level)))),
    data.town.areas.length || data.town.lines.length ? box(true, toggle(base), both({ zh: "底图", en: "town" })) : null);
  const panel = el("div", { class: "gg panel review-panel" },
    el("h1", {}, data.title), data.subtitle ? el("p", { class: "subtitle" }, data.subtitle) : null,
    switches, nothing, ...present.map(section));
  const control = L.control({ position: narrow ? "bottomleft" : "topleft" });
  control.onAdd = () => {
    L.DomEvent.disableClickPropagation(panel);
    L.DomEvent.disableScrollPropagation(panel);
    return panel;
  };
  control.addTo(map);
  L.control.zoom({ position: "topright", zoomInTitle: "放大 / zoom in", zoomOutTitle: "缩小 / zoom out" }).addTo(map);
  if (!narrow) L.control.scale({ position: "bottomright", imperial: false }).addTo(map);
  const pad = narrow ? { paddingTopLeft: [10, 10], paddingBottomRight: [10, map.getSize().y / 2] } : { paddingTopLeft: [400, 20], paddingBottomRight: [20, 20] };
  map.fitBounds(data.bounds, pad);
}
