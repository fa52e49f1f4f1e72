/* The map file: draws the town as base map and the grids on it, with Leaflet and nothing from outside. */
"use strict";

function gridgisTownMap(map, data) {
  const { words, el, both, whole } = gridgis;
  const town = words.town;
  const metresPerPixel = () => (40075016.686 * Math.cos((map.getCenter().lat * Math.PI) / 180)) / (256 * 2 ** map.getZoom());
  const wide = window.innerWidth > 1000;
  const latlng = (at) => [at[1], at[0]];

  const decode = gridgisDecoder(data);
  const decodePolygons = (shape) => shape.map((rings) => rings.map(decode));

  // ---- panes, from the ground up
  const pane = (name, z, blend) => {
    const node = map.createPane(name);
    node.style.zIndex = z;
    node.style.pointerEvents = "none";
    if (blend) node.style.mixBlendMode = blend;
    return node;
  };
  pane("ground", 210);
  pane("fills", 240, "multiply");
  pane("streets", 260);
  pane("borders", 420);
  pane("touch", 440).style.pointerEvents = "";
  pane("labels", 460);
  const ground = L.canvas({ pane: "ground", padding: 0.4 });
  const streets = L.canvas({ pane: "streets", padding: 0.4 });
  const svg = Object.fromEntries(["fills", "borders", "touch"].map((name) => [name, L.svg({ pane: name, padding: 0.6 })]));

  const layersOf = (layer, list) => list.filter((item) => item.layer === layer);
  const areas = (layer) => layersOf(layer, data.town.areas);
  const lines = (layer) => layersOf(layer, data.town.lines);

  // ---- base map: areas
  const group = { water: L.layerGroup(), compounds: L.layerGroup(), buildings: L.layerGroup(), roads: L.layerGroup() };
  for (const item of areas("water")) {
    L.polygon(decodePolygons(item.shape), { renderer: streets, interactive: false, fillColor: town.water, fillOpacity: 0.88, color: town.shore, weight: 1 }).addTo(group.water);
  }
  const hasRiverArea = areas("water").some((item) => item.klass === "river");
  const rivers = hasRiverArea ? [] : lines("rivers").map((item) => L.polyline(item.shape.map(decode), { renderer: streets, interactive: false, color: town.water, weight: 5 }).addTo(group.water));
  for (const item of areas("compounds")) {
    L.polygon(decodePolygons(item.shape), { renderer: ground, interactive: false, fillColor: "#fffaf0", fillOpacity: 0.65, color: town.compound, weight: 1, dashArray: "5 3" }).addTo(group.compounds);
  }
  for (const item of areas("communities")) {
    L.polygon(decodePolygons(item.shape), { renderer: streets, interactive: false, fill: false, color: town.rail, weight: 1.2, dashArray: "2 4", opacity: 0.8 }).addTo(group.roads);
  }
  const useTone = { public: "#cdbfae", commercial: "#dcc9b0", industrial: "#c9c8c6", farm: "#d8d3bd" };
  for (const item of areas("buildings")) {
    L.polygon(decodePolygons(item.shape), { renderer: streets, interactive: false, fillColor: useTone[item.klass] || town.building, fillOpacity: 1, color: town.building_line, weight: 0.6 }).addTo(group.buildings);
  }

  // ---- base map: roads with casing, widths in metres
  const order = ["residential", "tertiary", "secondary", "primary", "motorway"];
  const roadShapes = Object.fromEntries(lines("roads").map((item) => [item.klass, item.shape.map(decode)]));
  const strokes = [];
  const known = order.filter((klass) => roadShapes[klass]);
  for (const part of ["case", "fill"]) {
    for (const klass of known) {
      const style = town.roads[klass];
      const line = L.polyline(roadShapes[klass], { renderer: streets, interactive: false, color: style[part], lineCap: part === "case" ? "butt" : "round", lineJoin: "round", opacity: 1 });
      strokes.push({ line, metres: style.width_m, part });
      line.addTo(group.roads);
    }
  }
  const rails = lines("railways").flatMap((item) => {
    const shape = item.shape.map(decode);
    return [
      L.polyline(shape, { renderer: streets, interactive: false, color: town.rail, weight: 5, lineCap: "butt" }).addTo(group.roads),
      L.polyline(shape, { renderer: streets, interactive: false, color: "#fff", weight: 3, dashArray: "9 9", lineCap: "butt" }).addTo(group.roads),
    ];
  });
  function widths() {
    const mpp = metresPerPixel();
    for (const { line, metres, part } of strokes) {
      const width = Math.max(metres / mpp, metres > 12 ? 2 : metres > 6 ? 1.2 : 0.5);
      line.options.weight = part === "case" ? width + (width > 2.5 ? 2 : 0.8) : width;
    }
    const rail = Math.min(5, Math.max(2.5, 4 / mpp));
    rails.forEach((line, i) => { line.options.weight = i % 2 ? Math.max(rail - 2, 0.8) : rail; });
    rivers.forEach((line) => { line.options.weight = Math.max(3, 40 / mpp); });
  }

  // ---- grids
  const byCode = new Map(data.grids.map((grid) => [grid.code, grid]));
  const children = new Map();
  for (const grid of data.grids) {
    if (grid.parent) children.set(grid.parent, (children.get(grid.parent) || []).concat(grid));
  }
  const ordinary = (grid) => grid.kind === "comprehensive";
  /** Shown at a level: its grids, and coarser ones that are not divided so far. */
  function shownAt(level) {
    return data.grids.filter((grid) => ordinary(grid) && (grid.level === level || (grid.level < level && !(children.get(grid.code) || []).some((c) => ordinary(c) && c.level <= level))));
  }
  /** At fault: the card of the grid says why. */
  const faulty = data.grids.filter((grid) => ordinary(grid) && data.cards[grid.code] && data.cards[grid.code].reasons);
  const dedicated = data.grids.filter((grid) => grid.kind === "dedicated");
  const carved = dedicated.filter((grid) => grid.mode !== "overlay");
  const overlays = dedicated.filter((grid) => grid.mode === "overlay");
  const [[south, west], [, east]] = data.bounds;
  const overview = ((east - west) * 111195 * Math.cos((south * Math.PI) / 180)) / 850;
  for (const grid of data.grids) {
    grid.latlngs = decodePolygons(grid.shape);
    if (ordinary(grid) && grid.level === 1) grid.at = gridgis.clearOf(grid.at, dedicated.map((d) => d.at), overview);
  }

  const levels = [1, 2, 3].filter((level) => data.grids.some((grid) => grid.level === level));
  const state = { levels: new Set(levels.filter((level) => level < 3)), dedicated: true, buildings: true, roads: true, names: true, selected: null };
  if (!state.levels.size) state.levels = new Set(levels);

  const fills = L.layerGroup().addTo(map);
  const borders = L.layerGroup().addTo(map);
  const touch = L.layerGroup().addTo(map);
  const borderStyle = { 1: { weight: 3.2, color: words.levels[1].line }, 2: { weight: 1.8, color: words.levels[2].line }, 3: { weight: 0.9, color: words.levels[3].line } };
  const ringsOf = (grids) => grids.flatMap((grid) => grid.latlngs.flat().map((ring) => ring));

  function patterns() {
    const root = map.getPane("borders").querySelector("svg");
    if (!root || root.querySelector("defs")) return;
    const ns = "http://www.w3.org/2000/svg";
    const defs = document.createElementNS(ns, "defs");
    for (const [key, category] of Object.entries(words.categories)) {
      for (const mode of ["carve", "overlay"]) {
        const pattern = document.createElementNS(ns, "pattern");
        const size = mode === "carve" ? 7 : 9;
        for (const [k, v] of Object.entries({ id: `gg-${mode}-${key}`, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${mode === "carve" ? 45 : 0})` })) pattern.setAttribute(k, v);
        const back = document.createElementNS(ns, "rect");
        for (const [k, v] of Object.entries({ width: size, height: size, fill: category.colour, "fill-opacity": mode === "carve" ? 0.2 : 0.1 })) back.setAttribute(k, v);
        const mark = document.createElementNS(ns, mode === "carve" ? "rect" : "circle");
        const shape = mode === "carve" ? { width: 1.6, height: size, fill: category.colour, "fill-opacity": 0.5 } : { cx: 4.5, cy: 4.5, r: 1, fill: category.colour, "fill-opacity": 0.7 };
        for (const [k, v] of Object.entries(shape)) mark.setAttribute(k, v);
        pattern.append(back, mark);
        defs.append(pattern);
      }
    }
    root.prepend(defs);
  }

  function draw() {
    fills.clearLayers();
    borders.clearLayers();
    touch.clearLayers();
    const finest = Math.max(0, ...state.levels);
    const base = finest ? shownAt(finest) : [];
    for (const grid of base) {
      const fill = finest === 1 || grid.level !== 1 ? gridgis.fill(grid) : gridgis.mix(gridgis.fill(grid), "#ffffff", 0.3);
      L.polygon(grid.latlngs, { renderer: svg.fills, interactive: false, stroke: true, color: fill, weight: 0.6, fillColor: fill, fillOpacity: 0.92 }).addTo(fills);
    }
    const marks = state.dedicated ? [...carved, ...overlays] : [];
    for (const grid of marks) {
      const category = words.categories[grid.category] ? grid.category : "other";
      const colour = words.categories[category].colour;
      const over = grid.mode === "overlay";
      L.polygon(grid.latlngs, { renderer: svg.borders, interactive: false, color: colour, weight: over ? 2.2 : 1.6, dashArray: over ? "7 5" : null, fillColor: `url(#gg-${over ? "overlay" : "carve"}-${category})`, fillOpacity: 1 }).addTo(borders);
    }
    for (const level of [...state.levels].sort((a, b) => b - a)) {
      const rings = ringsOf(data.grids.filter((grid) => ordinary(grid) && grid.level === level));
      const style = { renderer: svg.borders, interactive: false, fill: false, lineJoin: "round" };
      if (level === 1) L.polygon(rings, { ...style, color: "#fff", weight: 7, opacity: 0.75 }).addTo(borders);
      else if (level === 2) L.polygon(rings, { ...style, color: "#fff", weight: 4, opacity: 0.6 }).addTo(borders);
      L.polygon(rings, { ...style, ...borderStyle[level], dashArray: level === 1 ? "14 4 3 4" : null }).addTo(borders);
    }
    for (const grid of faulty.filter((g) => state.levels.has(g.level))) {
      L.polygon(grid.latlngs, { renderer: svg.borders, className: "gg-fault", interactive: false, color: words.fault.line, weight: grid.level === 2 ? 4 : 3, lineJoin: "round", fillColor: words.fault.line, fillOpacity: 0.16 }).addTo(borders);
    }
    for (const grid of [...base, ...marks]) {
      const shape = L.polygon(grid.latlngs, { renderer: svg.touch, className: "gg-grid", fill: true, fillColor: "#22303c", fillOpacity: 0, color: "#22303c", opacity: 0, weight: 2.5 });
      shape.on("mouseover", () => { shape.setStyle({ opacity: 1, fillOpacity: 0.07 }); tip(grid); });
      shape.on("mouseout", () => { shape.setStyle({ opacity: 0, fillOpacity: 0 }); tip(null); });
      shape.on("click", (event) => { L.DomEvent.stop(event); open(grid.code, event.latlng); });
      shape.addTo(touch);
    }
    toggle(group.water, true);
    toggle(group.compounds, state.buildings);
    toggle(group.buildings, state.buildings);
    toggle(group.roads, state.roads);
    labels();
  }
  const toggle = (layer, on) => (on ? layer.addTo(map) : layer.remove());

  // ---- the card as a popup
  let glow = null;
  function open(code, at) {
    const grid = byCode.get(code);
    if (!grid) return;
    if (glow) glow.remove();
    glow = L.polygon(grid.latlngs, { renderer: svg.touch, interactive: false, color: "#1f6fb2", weight: 3, fillColor: "#1f6fb2", fillOpacity: 0.1 }).addTo(map);
    const node = el("div", { class: "gg" }, gridgis.card(data.cards[code] || grid, { onGrid: (next) => show(next) }));
    L.popup({ maxWidth: 340, minWidth: 260, maxHeight: Math.max(220, map.getSize().y - 140), autoPanPaddingTopLeft: wide ? [330, 24] : [16, 80], autoPanPaddingBottomRight: wide ? [250, 24] : [16, 24] })
      .setLatLng(at || latlng(grid.at)).setContent(node).openOn(map);
  }
  map.on("popupclose", () => { if (glow) { glow.remove(); glow = null; } });

  /** Fly to a grid and open its card. */
  function show(code) {
    const grid = byCode.get(code);
    if (!grid) return;
    if (ordinary(grid) && grid.level && !state.levels.has(grid.level)) { state.levels.add(grid.level); buttons(); draw(); }
    map.fitBounds(L.latLngBounds(grid.latlngs.flat(2)), { maxZoom: 18, padding: [60, 60], animate: false });
    open(code);
  }

  // ---- labels: most important first, none over another
  const brush = document.createElement("canvas").getContext("2d");
  const fontSans = getComputedStyle(document.documentElement).getPropertyValue("--sans") || "sans-serif";
  function widthOf(text, px, weight) {
    brush.font = `${weight} ${px}px ${fontSans}`;
    return brush.measureText(text).width;
  }
  function candidates(zoom, mpp) {
    const list = [];
    const finest = Math.max(0, ...state.levels);
    const add = (grid, cls, px, weight, title, sub, rank) => {
      const width = Math.max(widthOf(title, px, weight), sub ? widthOf(sub, px - 3, 400) : 0) + 6;
      list.push({ at: grid.at, cls, px, title, sub, width, height: px * 1.35 + (sub ? px : 0), rank, room: grid.room, code: grid.code });
    };
    for (const grid of data.grids) {
      if (!ordinary(grid) || !state.levels.has(grid.level)) continue;
      const parents = [byCode.get(grid.parent), byCode.get((byCode.get(grid.parent) || {}).parent)].filter(Boolean).map((p) => p.name);
      const title = gridgis.shortName(grid.name, parents);
      const diameter = (2 * grid.room) / mpp;
      if (grid.level === 1 && (finest === 1 || zoom < 16.5)) add(grid, "level-1", zoom < 13.5 ? 13 : 17, 700, grid.name, finest === 1 && zoom > 13 && grid.households ? `${whole(grid.households)} 户` : null, 0);
      if (grid.level === 2 && diameter > 34 && (finest === 2 || zoom < 18)) add(grid, "level-2", 13, 650, title, finest === 2 && diameter > 74 && grid.households ? `${whole(grid.households)} 户` : null, 3);
      if (grid.level === 3 && diameter > 38) add(grid, "level-3", 11.5, 500, title, diameter > 76 && grid.households ? `${whole(grid.households)} 户` : null, 5);
    }
    if (state.dedicated) {
      for (const grid of dedicated) {
        const category = words.categories[grid.category] || words.categories.other;
        list.push({ at: grid.at, badge: category, width: 24, height: 24, rank: 1, code: grid.code });
        if ((2 * grid.room) / mpp > 60) list.push({ at: grid.at, dy: 24, cls: "site", px: 11.5, title: grid.name, width: widthOf(grid.name, 11.5, 600) + 4, height: 15, rank: 4, tone: category.colour });
      }
    }
    if (state.names) {
      for (const spot of data.town.line_names) {
        const road = spot.layer === "roads";
        const least = { motorway: 13.5, primary: 13.5, secondary: 14.5, tertiary: 15.5, residential: 16.75 }[spot.klass] ?? 14;
        if (zoom < least) continue;
        const px = spot.klass === "residential" ? 11 : 12;
        list.push({ at: spot.at, angle: spot.angle, cls: road ? "road" : spot.layer === "rivers" ? "river" : "rail", px, title: spot.name, width: widthOf(spot.name, px, 500) + 8, height: px + 4, rank: road ? 6 + order.length - order.indexOf(spot.klass) : 2, apart: road ? 300 : 520 });
      }
      for (const spot of data.town.area_names) {
        const fits = widthOf(spot.name, 11, 400) < ((2 * spot.room) / mpp) * 1.6;
        if (spot.layer === "compounds" && zoom >= 15.25 && fits) list.push({ at: spot.at, dy: state.dedicated ? 18 : 0, cls: "compound", px: 11, title: spot.name, width: widthOf(spot.name, 11, 500) + 4, height: 15, rank: 12 });
        if (spot.layer === "buildings" && zoom >= 17.75 && fits) list.push({ at: spot.at, cls: "house", px: 10.5, title: spot.name, width: widthOf(spot.name, 10.5, 400) + 2, height: 13, rank: 14 });
        if (spot.layer === "communities" && !levels.includes(1)) list.push({ at: spot.at, cls: "level-1", px: 16, title: spot.name, width: widthOf(spot.name, 16, 700), height: 22, rank: 0 });
      }
    }
    return list.sort((a, b) => a.rank - b.rank || (b.room || 0) - (a.room || 0));
  }
  const labelPane = map.getPane("labels");
  function labels() {
    const size = map.getSize();
    const list = candidates(map.getZoom(), metresPerPixel());
    const placed = [];
    const names = new Map();
    const nodes = [];
    for (const item of list) {
      const point = map.latLngToLayerPoint(latlng(item.at));
      const screen = map.layerPointToContainerPoint(point);
      if (screen.x < -40 || screen.y < -40 || screen.x > size.x + 40 || screen.y > size.y + 40) continue;
      const turn = (Math.abs(item.angle || 0) * Math.PI) / 180;
      const w = item.width * Math.cos(turn) + item.height * Math.sin(turn);
      const h = item.width * Math.sin(turn) + item.height * Math.cos(turn);
      const box = { l: screen.x - w / 2 - 3, r: screen.x + w / 2 + 3, t: screen.y + (item.dy || 0) - h / 2 - 2, b: screen.y + (item.dy || 0) + h / 2 + 2 };
      if (placed.some((p) => box.l < p.r && box.r > p.l && box.t < p.b && box.b > p.t)) continue;
      if (item.apart) {
        const near = names.get(item.title) || [];
        if (near.some((p) => Math.hypot(p.x - screen.x, p.y - screen.y) < item.apart)) continue;
        names.set(item.title, near.concat(screen));
      }
      placed.push(box);
      const node = item.badge
        ? el("div", { class: "gg-label badge", style: `--tone:${item.badge.colour}` }, item.badge.mark)
        : el("div", { class: `gg-label ${item.cls}`, style: `font-size:${item.px}px${item.tone ? `;--tone:${item.tone}` : ""}` }, item.title, item.sub ? el("small", {}, item.sub) : null);
      node.style.transform = `translate(${point.x}px, ${point.y + (item.dy || 0)}px) translate(-50%, -50%)${item.angle ? ` rotate(${item.angle}deg)` : ""}`;
      nodes.push(node);
    }
    labelPane.replaceChildren(...nodes);
  }

  // ---- panels
  const corner = (position, node) => {
    const control = L.control({ position });
    control.onAdd = () => {
      L.DomEvent.disableClickPropagation(node);
      L.DomEvent.disableScrollPropagation(node);
      return node;
    };
    control.addTo(map);
    return node;
  };
  const hint = el("p", { class: "hint" });
  const plain = "点击网格查看名片 · click a grid for its card";
  function tip(grid) {
    if (!grid) { hint.textContent = plain; return; }
    hint.replaceChildren(el("b", {}, grid.name), ` ${grid.code}`, grid.households && grid.mode !== "overlay" ? ` · ${whole(grid.households)} 户` : "");
  }
  tip(null);

  const results = el("ul", { class: "results", role: "listbox", "aria-label": "搜索结果 / results" });
  const input = el("input", { type: "search", placeholder: "编码、名称或坐标  code, name, lon,lat", "aria-label": "搜索 / search", autocomplete: "off", spellcheck: "false" });
  corner("topleft", el("div", { class: "gg panel head" },
    el("h1", {}, data.title), data.subtitle ? el("p", { class: "subtitle" }, data.subtitle) : null,
    el("form", { role: "search", onsubmit: (event) => { event.preventDefault(); const first = find(input.value)[0]; if (first) go(first); } }, input), results, hint,
    faulty.length ? el("details", { class: "faults" }, el("summary", {}, `${words.fault.zh} ${faulty.length} `, el("span", { class: "en" }, words.fault.en)),
      el("ul", {}, ...faulty.map((grid) => el("li", {}, el("button", { type: "button", onclick: () => show(grid.code) }, grid.name, ` · ${whole(grid.households)} 户`))))) : null));
  function find(text) {
    const query = text.trim().toLowerCase();
    if (!query) return [];
    const at = gridgis.coordinate(query);
    if (at) return [{ label: `坐标 ${at[0]}, ${at[1]}`, sub: "coordinate", at }];
    const grids = data.grids.filter((g) => g.code.toLowerCase().includes(query) || g.name.toLowerCase().includes(query))
      .sort((a, b) => a.code.length - b.code.length || (a.level || 9) - (b.level || 9) || (a.code < b.code ? -1 : 1)).map((g) => ({ label: g.name, sub: g.code, code: g.code }));
    const seen = new Set();
    const places = [...data.town.area_names, ...data.town.line_names].filter((p) => p.name.toLowerCase().includes(query) && !seen.has(p.name) && seen.add(p.name))
      .map((p) => ({ label: p.name, sub: { buildings: "建筑 building", compounds: "小区 estate", communities: "社区 community", water: "水面 water", roads: "道路 road", rivers: "河流 river", railways: "铁路 railway" }[p.layer], at: p.at }));
    return [...grids.slice(0, 6), ...places.slice(0, 4)];
  }
  let pin = null;
  function go(item) {
    results.replaceChildren();
    if (item.code) { show(item.code); return; }
    if (pin) pin.remove();
    map.setView(latlng(item.at), Math.max(map.getZoom(), 17.5), { animate: false });
    pin = L.circleMarker(latlng(item.at), { radius: 8, color: "#fff", weight: 3, fillColor: words.levels[1].line, fillOpacity: 1 }).addTo(map);
  }
  input.addEventListener("input", () => {
    const found = find(input.value);
    results.replaceChildren(...found.map((item) => el("li", {}, el("button", { type: "button", onclick: () => go(item) }, el("span", {}, item.label), el("span", { class: "en" }, item.sub)))));
    if (!found.length && input.value.trim()) results.replaceChildren(el("li", { class: "none" }, "没有找到 · nothing found"));
  });

  const switches = el("div", { class: "switches" });
  const levelBox = el("div", { class: "segments", role: "group", "aria-label": "网格层级 / levels" });
  function buttons() {
    levelBox.replaceChildren(...levels.map((level) => el("button", {
      type: "button", "aria-pressed": String(state.levels.has(level)), style: `--tone:${words.levels[level].line}`, title: words.levels[level].en,
      onclick: () => { state.levels.has(level) ? state.levels.delete(level) : state.levels.add(level); buttons(); draw(); },
    }, words.levels[level].zh.slice(0, 2), el("span", { class: "en" }, `L${level}`))));
    const boxes = [["dedicated", "专属网格", "dedicated"], ["buildings", "建筑小区", "buildings"], ["roads", "道路", "roads"], ["names", "地名", "names"]];
    switches.replaceChildren(...boxes.map(([key, zh, en]) => {
      const box = el("input", { type: "checkbox", onchange: () => { state[key] = box.checked; draw(); } });
      box.checked = state[key];
      return el("label", {}, box, zh, " ", el("span", { class: "en" }, en));
    }));
  }
  buttons();
  corner("topright", el("div", { class: "gg panel layers" }, levelBox, switches));

  const categories = [...new Set(dedicated.map((grid) => grid.category || "other"))];
  const body = gridgis.legend({ categories, roads: known, overlay: overlays.length > 0, fault: faulty.length > 0, railway: rails.length > 0, water: areas("water").length > 0 });
  const details = el("details", { class: "gg panel legend" }, el("summary", {}, both({ zh: "图例", en: "Legend" })), body);
  details.open = window.innerWidth > 720 && window.innerHeight > 560;
  corner("bottomright", details);

  corner("bottomleft", el("div", { class: "gg compass", title: "上北 / north is up", "aria-label": "指北针 / north" }));
  map.getContainer().querySelector(".compass").innerHTML = '<svg viewBox="0 0 40 52" width="34" height="44" aria-hidden="true"><path d="M20 14 30 46 20 39Z" fill="#22303c"/><path d="M20 14 10 46 20 39Z" fill="#fff" stroke="#22303c" stroke-width="1.2" stroke-linejoin="round"/><text x="20" y="11" text-anchor="middle" font-size="12" font-weight="700" fill="#22303c">北</text></svg>';
  L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 140 }).addTo(map);
  L.control.zoom({ position: "bottomright", zoomInTitle: "放大 / zoom in", zoomOutTitle: "缩小 / zoom out" }).addTo(map);

  // ---- start
  map.getContainer().classList.add("gg-map");
  map.fitBounds(data.bounds, { paddingTopLeft: [wide ? 130 : 10, wide ? 20 : 90], paddingBottomRight: [wide ? 245 : 10, 20], animate: false });
  map.on("zoomend", () => { widths(); draw(); });
  map.on("moveend", labels);
  widths();
  draw();
  patterns();
  window.gridgisMap = { map, show, state };
}
