/* The viewer page: the town, its grids, a card for each, by the API of this same server and nothing else. */
"use strict";

(async () => {
  const { words, el, both, whole } = gridgis;
  const town = words.town;
  const $ = (id) => document.getElementById(id);
  const state = { levels: new Set([1, 2]), dedicated: true, code: null };

  // ---- the server
  class Fault extends Error {
    constructor(body) { super(body.en); this.body = body; }
  }
  async function get(path) {
    let response;
    try {
      response = await fetch(path, { headers: { accept: "application/json" } });
    } catch {
      throw new Fault({ zh: "连接不到服务器", en: "cannot reach the server" });
    }
    const body = await response.json();
    if (!response.ok) throw new Fault(body);
    return body;
  }
  /** All features of a collection, page after page. */
  async function all(name) {
    const features = [];
    for (let path = `/collections/${name}/items?limit=10000`; path;) {
      const page = await get(path);
      features.push(...page.features);
      const next = page.links.find((link) => link.rel === "next");
      path = next ? new URL(next.href).pathname + new URL(next.href).search : null;
    }
    return features;
  }
  const collection = (features) => ({ type: "FeatureCollection", features });

  function showFault(error) {
    const body = error instanceof Fault ? error.body : { zh: "页面出错", en: String(error) };
    $("content").replaceChildren(el("div", { class: "fault", role: "alert" }, el("p", {}, body.zh), el("p", { class: "en" }, body.en)));
  }

  // ---- labels are drawn by the browser's own fonts into small pictures: no glyph server is needed
  const RATIO = Math.min(3, Math.max(2, window.devicePixelRatio || 1));
  const sans = getComputedStyle(document.documentElement).getPropertyValue("--sans").trim();
  function textImage(lines, { halo = "rgba(255,255,255,0.92)", spacing = 0 } = {}) {
    const canvas = document.createElement("canvas");
    const brush = canvas.getContext("2d");
    const font = (line) => `${line.italic ? "italic " : ""}${line.weight} ${line.px * RATIO}px ${sans}`;
    const measure = (line) => { brush.font = font(line); brush.letterSpacing = `${spacing * line.px * RATIO}px`; return brush.measureText(line.text).width; };
    const pad = 4 * RATIO;
    canvas.width = Math.ceil(Math.max(...lines.map(measure)) + 2 * pad);
    canvas.height = Math.ceil(lines.reduce((sum, line) => sum + line.px * 1.3 * RATIO, 0) + pad);
    brush.textAlign = "center";
    brush.textBaseline = "middle";
    brush.lineJoin = "round";
    let y = pad / 2;
    for (const line of lines) {
      const height = line.px * 1.3 * RATIO;
      brush.font = font(line);
      brush.letterSpacing = `${spacing * line.px * RATIO}px`;
      brush.strokeStyle = halo;
      brush.lineWidth = 3.4 * RATIO;
      brush.strokeText(line.text, canvas.width / 2, y + height / 2);
      brush.fillStyle = line.colour;
      brush.fillText(line.text, canvas.width / 2, y + height / 2);
      y += height;
    }
    return brush.getImageData(0, 0, canvas.width, canvas.height);
  }
  function badgeImage(category) {
    const size = 26 * RATIO;
    const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
    const brush = canvas.getContext("2d");
    brush.beginPath();
    brush.arc(size / 2, size / 2, size / 2 - 2 * RATIO, 0, 7);
    brush.shadowColor = "rgba(34,48,60,.4)";
    brush.shadowBlur = 2 * RATIO;
    brush.fillStyle = category.colour;
    brush.fill();
    brush.shadowBlur = 0;
    brush.lineWidth = 1.6 * RATIO;
    brush.strokeStyle = "#fff";
    brush.stroke();
    brush.font = `650 ${12.5 * RATIO}px ${sans}`;
    brush.textAlign = "center";
    brush.textBaseline = "middle";
    brush.fillStyle = "#fff";
    brush.fillText(category.mark, size / 2, size / 2 + 0.5 * RATIO);
    return brush.getImageData(0, 0, size, size);
  }
  function patternImage(colour, mode) {
    const size = 8 * RATIO;
    const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
    const brush = canvas.getContext("2d");
    brush.fillStyle = colour;
    brush.globalAlpha = mode === "overlay" ? 0.1 : 0.18;
    brush.fillRect(0, 0, size, size);
    brush.globalAlpha = mode === "overlay" ? 0.75 : 0.5;
    if (mode === "overlay") {
      brush.beginPath();
      brush.arc(size / 2, size / 2, 1 * RATIO, 0, 7);
      brush.fill();
    } else {
      brush.strokeStyle = colour;
      brush.lineWidth = 1.4 * RATIO;
      for (const shift of [-size, 0, size]) {
        brush.beginPath();
        brush.moveTo(shift - size * 0.1, size * 1.1);
        brush.lineTo(shift + size * 1.1, -size * 0.1);
        brush.stroke();
      }
    }
    return brush.getImageData(0, 0, size, size);
  }

  // ---- load
  const map = new maplibregl.Map({
    container: "map", style: { version: 8, sources: {}, layers: [{ id: "paper", type: "background", paint: { "background-color": town.paper } }] },
    attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, maxZoom: 20, minZoom: 8, fadeDuration: 120,
    canvasContextAttributes: { preserveDrawingBuffer: new URLSearchParams(location.search).has("print") },
    locale: { "NavigationControl.ZoomIn": "放大 / zoom in", "NavigationControl.ZoomOut": "缩小 / zoom out", "Map.Title": "地图：方向键移动，加减键缩放，Home 全图，回车查询中心 / map: arrows move, + - zoom, Home shows all, Enter looks up the centre" },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-left");
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 130, unit: "metric" }), "bottom-left");
  const names = ["grids-level-1", "grids-level-2", "grids-level-3", "dedicated", "communities", "water", "rivers", "compounds", "buildings", "roads", "railways"];
  let data;
  let health;
  try {
    const loaded = await Promise.all([get("/health"), new Promise((done) => map.once("load", done)), ...names.map(all)]);
    health = loaded[0];
    data = Object.fromEntries(names.map((name, i) => [name, loaded[i + 2]]));
  } catch (error) {
    showFault(error);
    return;
  }
  const grids = [...data["grids-level-1"], ...data["grids-level-2"], ...data["grids-level-3"], ...data.dedicated];
  const byCode = new Map(grids.map((grid) => [grid.properties.code, grid]));
  const props = (code) => (byCode.get(code) || { properties: {} }).properties;
  const levels = [1, 2, 3].filter((level) => data[`grids-level-${level}`].length);
  if (![...state.levels].some((level) => levels.includes(level))) state.levels = new Set(levels);

  // coarser grids that are not divided further are shown at the finer levels too
  for (const grid of grids) {
    const p = grid.properties;
    p.fill = gridgis.fill(p);
    p.category = p.kind === "dedicated" && !words.categories[p.category] ? "other" : p.category;
    p.tone = gridgis.colourOf(p);
    p.pattern = `${p.mode === "overlay" ? "overlay" : "carve"}-${p.category}`;
    p.to = p.level;
  }
  const kids = new Map();
  for (const { properties: p } of grids) if (p.kind === "comprehensive" && p.parent) kids.set(p.parent, [...(kids.get(p.parent) || []), p.level]);
  for (const { properties: p } of grids) if (p.kind === "comprehensive") while (p.to < 3 && !(kids.get(p.code) || []).some((level) => level <= p.to + 1)) p.to += 1;

  const bounds = grids.reduce((box, grid) => {
    const visit = (c) => (typeof c[0] === "number" ? box.extend(c) : c.forEach(visit));
    visit(grid.geometry.coordinates);
    return box;
  }, new maplibregl.LngLatBounds());

  // ---- layers, from the ground up
  for (const [key, category] of Object.entries(words.categories)) {
    map.addImage(`badge-${key}`, badgeImage(category), { pixelRatio: RATIO });
    for (const mode of ["carve", "overlay"]) map.addImage(`${mode}-${key}`, patternImage(category.colour, mode), { pixelRatio: RATIO });
  }
  const source = (id, features, extra = {}) => map.addSource(id, { type: "geojson", data: collection(features), ...extra });
  source("grids", grids, { tolerance: 0.1, maxzoom: 18 });
  for (const name of ["water", "rivers", "compounds", "buildings", "roads", "railways", "communities"]) source(name, data[name]);

  const cosine = Math.cos((bounds.getCenter().lat * Math.PI) / 180);
  const pixels = (metres, zoom) => (metres * 2 ** zoom) / (78271.517 * cosine);
  const byMetres = (metres, least, plus = 0) => ["interpolate", ["exponential", 2], ["zoom"], 12, Math.max(least, pixels(metres, 12)) + plus, 15, Math.max(least * 1.6, pixels(metres, 15)) + plus, 20, pixels(metres, 20) + plus];
  const add = (id, type, from, paint, more = {}) => map.addLayer({ id, type, source: from, paint, ...more });

  add("fill-grids", "fill", "grids", { "fill-color": ["get", "fill"], "fill-antialias": true });
  add("fill-compounds", "fill", "compounds", { "fill-color": "#fffaf0", "fill-opacity": 0.55 });
  add("line-compounds", "line", "compounds", { "line-color": town.compound, "line-width": 1, "line-dasharray": [4, 3], "line-opacity": 0.8 }, { minzoom: 14 });
  if (!data.water.some((f) => f.properties.klass === "river")) add("rivers", "line", "rivers", { "line-color": town.water, "line-width": byMetres(40, 2) });
  add("water", "fill", "water", { "fill-color": town.water, "fill-opacity": 0.9, "fill-outline-color": town.shore });
  add("buildings", "fill", "buildings", { "fill-color": ["match", ["get", "use"], "public", "#cdbfae", "commercial", "#dcc9b0", "industrial", "#c9c8c6", "farm", "#d8d3bd", town.building], "fill-outline-color": town.building_line }, { minzoom: 13 });
  const classes = ["residential", "tertiary", "secondary", "primary", "motorway"].filter((klass) => data.roads.some((f) => f.properties.klass === klass));
  for (const part of ["case", "fill"]) {
    for (const klass of classes) {
      const style = town.roads[klass];
      const least = style.width_m > 12 ? 1.6 : style.width_m > 6 ? 0.9 : 0.4;
      add(`road-${part}-${klass}`, "line", "roads", { "line-color": style[part], "line-width": byMetres(style.width_m, least, part === "case" ? 1.6 : 0) },
        { filter: ["==", ["get", "klass"], klass], layout: { "line-cap": part === "case" ? "butt" : "round", "line-join": "round" }, minzoom: klass === "residential" ? 13 : 0 });
    }
  }
  add("rail-case", "line", "railways", { "line-color": town.rail, "line-width": 4 });
  add("rail-fill", "line", "railways", { "line-color": "#fff", "line-width": 2.4, "line-dasharray": [4, 4] });
  add("line-communities", "line", "communities", { "line-color": town.rail, "line-width": 1.2, "line-dasharray": [1.5, 3], "line-opacity": 0.8 });
  const isLevel = (level) => ["all", ["==", ["get", "kind"], "comprehensive"], ["==", ["get", "level"], level]];
  const isMode = (mode) => ["all", ["==", ["get", "kind"], "dedicated"], [mode === "overlay" ? "==" : "!=", ["get", "mode"], "overlay"]];
  for (const mode of ["carve", "overlay"]) add(`pattern-${mode}`, "fill", "grids", { "fill-pattern": ["get", "pattern"] }, { filter: isMode(mode) });
  add("line-3", "line", "grids", { "line-color": words.levels[3].line, "line-width": ["interpolate", ["linear"], ["zoom"], 13, 0.5, 17, 1.2] }, { filter: isLevel(3), layout: { "line-join": "round" } });
  add("line-carve", "line", "grids", { "line-color": ["get", "tone"], "line-width": 1.8 }, { filter: isMode("carve"), layout: { "line-join": "round" } });
  add("case-2", "line", "grids", { "line-color": "#fff", "line-width": 4, "line-opacity": 0.6 }, { filter: isLevel(2), layout: { "line-join": "round" } });
  add("line-2", "line", "grids", { "line-color": words.levels[2].line, "line-width": ["interpolate", ["linear"], ["zoom"], 13, 1.2, 17, 2.2] }, { filter: isLevel(2), layout: { "line-join": "round" } });
  add("case-1", "line", "grids", { "line-color": "#fff", "line-width": 7, "line-opacity": 0.75 }, { filter: isLevel(1), layout: { "line-join": "round" } });
  add("line-1", "line", "grids", { "line-color": words.levels[1].line, "line-width": 3 }, { filter: isLevel(1), layout: { "line-join": "round" } });
  add("line-overlay", "line", "grids", { "line-color": ["get", "tone"], "line-width": 2.2, "line-dasharray": [3, 2] }, { filter: isMode("overlay") });
  const nothing = ["==", ["get", "code"], ""];
  add("hover", "fill", "grids", { "fill-color": "#22303c", "fill-opacity": 0.08 }, { filter: nothing });
  add("hover-line", "line", "grids", { "line-color": "#22303c", "line-width": 2 }, { filter: nothing, layout: { "line-join": "round" } });
  add("chosen", "fill", "grids", { "fill-color": "#1f6fb2", "fill-opacity": 0.1 }, { filter: nothing });
  add("chosen-line", "line", "grids", { "line-color": "#1f6fb2", "line-width": 3.5 }, { filter: nothing, layout: { "line-join": "round" } });

  // ---- names
  const need = (id, make) => { if (!map.hasImage(id)) map.addImage(id, make(), { pixelRatio: RATIO }); return id; };
  const point = (at, properties) => ({ type: "Feature", geometry: { type: "Point", coordinates: at }, properties });
  const zoomFor = (room_m, px) => Math.log2((px / 2) * 78271.517 * cosine / Math.max(room_m, 0.5));
  const labels = [];
  const overview = ((bounds.getEast() - bounds.getWest()) * 111195 * cosine) / 850;
  const marks = data.dedicated.map(({ properties: p }) => [p.label_lon, p.label_lat]);
  for (const { properties: p } of grids) {
    const own = [p.label_lon, p.label_lat];
    const at = p.kind === "comprehensive" && p.level === 1 ? gridgis.clearOf(own, marks, overview) : own;
    const people = p.households && p.mode !== "overlay" ? `${whole(p.households)} 户` : null;
    if (p.kind === "dedicated") {
      labels.push(point(at, { what: "badge", icon: `badge-${p.category}`, z: 0, rank: 0 }));
      labels.push(point(at, { what: "site", icon: need(`n:${p.code}`, () => textImage([{ text: p.name, px: 12, weight: 600, colour: p.tone }])), z: zoomFor(p.label_m, 50), rank: 0 }));
      continue;
    }
    const short = gridgis.shortName(p.name, [props(p.parent).name, props(props(p.parent).parent).name]);
    const style = { 1: { px: 17, weight: 700, colour: "#7d2018" }, 2: { px: 13.5, weight: 650, colour: "#22405b" }, 3: { px: 12, weight: 500, colour: "#3f566b" } }[p.level];
    if (!style) continue;
    const spacing = p.level === 1 ? 0.14 : 0;
    const plain = need(`s:${p.code}`, () => textImage([{ text: p.level === 1 ? p.name : short, ...style }], { spacing }));
    const full = people ? need(`f:${p.code}`, () => textImage([{ text: p.level === 1 ? p.name : short, ...style }, { text: people, px: style.px - 2.5, weight: 400, colour: "#5d6b78" }], { spacing: 0 })) : plain;
    labels.push(point(at, { what: "grid", level: p.level, icon: plain, full, z: p.level === 1 ? 0 : zoomFor(p.label_m, p.level === 2 ? 36 : 40), rank: -p.label_m, roomy: zoomFor(p.label_m, 84) }));
  }
  for (const f of data.compounds) {
    const p = f.properties;
    if (p.name && p.label_lon !== undefined) labels.push(point([p.label_lon, p.label_lat], { what: "compound", icon: need(`c:${p.name}`, () => textImage([{ text: p.name, px: 11.5, weight: 500, colour: "#7b6a4e" }])), z: zoomFor(p.label_m, 60), rank: 0 }));
  }
  for (const f of data.buildings) {
    const p = f.properties;
    if (p.name && p.label_lon !== undefined) labels.push(point([p.label_lon, p.label_lat], { what: "building", icon: need(`b:${p.name}`, () => textImage([{ text: p.name, px: 10.5, weight: 400, colour: "#6f675b" }])), z: Math.max(17, zoomFor(p.label_m, 30)), rank: 0 }));
  }
  source("labels", labels);
  const lineNames = (features, make) => features.filter((f) => f.properties.name).map((f) => ({ ...f, properties: { klass: f.properties.klass, icon: need(`l:${f.properties.klass}:${f.properties.name}`, () => make(f.properties.name)) } }));
  source("road-names", lineNames(data.roads, (name) => textImage([{ text: name, px: 12, weight: 500, colour: "#5d564b" }], { spacing: 0.08 })));
  source("rail-names", lineNames(data.railways, (name) => textImage([{ text: name, px: 11.5, weight: 500, colour: "#55524f" }], { spacing: 0.1 })));
  source("river-names", lineNames(data.rivers, (name) => textImage([{ text: name, px: 13, weight: 500, colour: "#2f6c8c", italic: true }], { spacing: 0.35, halo: "rgba(213,232,241,.9)" })));

  const symbol = (id, from, layout, more = {}) => map.addLayer({ id, type: "symbol", source: from, layout: { "icon-image": ["get", "icon"], "icon-padding": 3, ...layout }, ...more });
  const onLine = { "symbol-placement": "line", "symbol-spacing": 340, "icon-rotation-alignment": "map", "icon-keep-upright": true };
  const what = (kind, ...more) => ["all", ["==", ["get", "what"], kind], ["<=", ["get", "z"], ["+", ["zoom"], 0.5]], ...more]; // a filter sees whole zooms only;
  symbol("name-building", "labels", {}, { filter: what("building"), minzoom: 16.5 });
  symbol("name-compound", "labels", { "icon-offset": [0, 18] }, { filter: what("compound"), minzoom: 14.5 });
  for (const klass of classes) symbol(`name-road-${klass}`, "road-names", onLine, { filter: ["==", ["get", "klass"], klass], minzoom: { motorway: 12, primary: 12.5, secondary: 13.5, tertiary: 14.5, residential: 15.75 }[klass] });
  symbol("name-rail", "rail-names", { ...onLine, "symbol-spacing": 600 }, { minzoom: 13 });
  symbol("name-river", "river-names", { ...onLine, "symbol-spacing": 700 });
  symbol("name-3", "labels", { "symbol-sort-key": ["get", "rank"], "icon-image": ["step", ["zoom"], ["get", "icon"], 16, ["get", "full"]] }, { filter: what("grid", ["==", ["get", "level"], 3]) });
  symbol("name-site", "labels", { "icon-offset": [0, 26], "icon-padding": 0 }, { filter: what("site") });
  symbol("name-2", "labels", { "symbol-sort-key": ["get", "rank"], "icon-image": ["step", ["zoom"], ["get", "icon"], 15, ["get", "full"]] }, { filter: what("grid", ["==", ["get", "level"], 2]), maxzoom: 18 });
  symbol("name-1", "labels", {}, { filter: what("grid", ["==", ["get", "level"], 1]), maxzoom: 16 });
  symbol("badges", "labels", { "icon-padding": 0 }, { filter: what("badge") });

  const fillLayers = () => [...(state.dedicated ? ["pattern-overlay", "pattern-carve"] : []), "fill-grids"];
  const finest = () => Math.max(0, ...state.levels);
  function refresh() {
    const top = finest();
    const shows = (id, on) => map.getLayer(id) && map.setLayoutProperty(id, "visibility", on ? "visible" : "none");
    map.setFilter("fill-grids", top ? ["all", ["==", ["get", "kind"], "comprehensive"], ["<=", ["get", "level"], top], [">=", ["get", "to"], top]] : nothing);
    for (const level of [1, 2, 3]) for (const id of [`line-${level}`, `case-${level}`, `name-${level}`]) shows(id, state.levels.has(level));
    for (const id of ["pattern-carve", "pattern-overlay", "line-carve", "line-overlay", "name-site", "badges"]) shows(id, state.dedicated);
    map.setLayerZoomRange("name-1", 0, top > 1 ? 16 : 24);
    map.setLayerZoomRange("name-2", 0, top > 2 ? 17.5 : 24);
    buttons();
  }
  function buttons() {
    const press = (key, on, zh, en, tone, act) => el("button", { type: "button", "aria-pressed": String(on), style: `--tone:${tone}`, "data-key": key, onclick: act }, zh, el("span", { class: "en" }, en));
    const held = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.key : null;
    $("levels").replaceChildren(
      ...levels.map((level) => press(`level-${level}`, state.levels.has(level), words.levels[level].zh.slice(0, 2), words.levels[level].en, words.levels[level].line, () => {
        if (!state.levels.delete(level)) state.levels.add(level);
        refresh();
      })),
      ...(data.dedicated.length ? [press("dedicated", state.dedicated, "专属", "Dedicated", "#7a5a86", () => { state.dedicated = !state.dedicated; refresh(); })] : []));
    if (held) { const again = $("levels").querySelector(`[data-key="${held}"]`); if (again) again.focus(); }
  }

  // ---- side panel
  function intro() {
    const count = (name) => data[name].length;
    const figure = (zh, en, number, tone) => el("div", { style: `--tone:${tone}` }, el("dt", {}, zh, " ", el("span", { class: "en" }, en)), el("dd", {}, whole(number)));
    $("content").replaceChildren(el("div", { class: "intro" },
      el("p", {}, "点击地图上的网格，查看名片与各级网格长。", el("span", { class: "en" }, "Click a grid for its card and its chain of leaders.")),
      el("dl", { class: "figures" }, ...levels.map((level) => figure(words.levels[level].zh, words.levels[level].en, count(`grids-level-${level}`), words.levels[level].line)),
        figure("专属网格", "Dedicated", count("dedicated"), "#7a5a86")),
      el("ul", { class: "keys" },
        el("li", {}, el("kbd", {}, "/"), " 搜索 search"), el("li", {}, el("kbd", {}, "Esc"), " 关闭名片 close the card"),
        el("li", {}, el("kbd", {}, "↑ ↓ ← →"), " ", el("kbd", {}, "+ −"), " 移动与缩放 move and zoom"), el("li", {}, el("kbd", {}, "Home"), " 全图 the whole town"), el("li", {}, el("kbd", {}, "Enter"), " 在地图上：查询中心点 on the map: look up its centre"))));
  }
  const metres = (m) => (m < 10 ? `${m.toFixed(1)} 米` : m < 1000 ? `${m.toFixed(0)} 米` : `${(m / 1000).toFixed(2)} 公里`);
  function whereBox(hit) {
    const rows = [el("p", {}, "查询点 ", el("b", {}, `${hit.lon.toFixed(6)}, ${hit.lat.toFixed(6)}`), " ", el("span", { class: "en" }, hit.crs))];
    const rule = words.rules[hit.rule];
    if (hit.border_m !== null) {
        rows.push(el("p", { class: hit.border_m < 10 ? "near" : null }, `距${(words.levels[props(hit.base).level] || words.kinds.dedicated).zh}边界 `, el("b", {}, metres(hit.border_m)), " ", el("span", { class: "en" }, "to the border"), hit.neighbour ? el("span", {}, "，对面 ", gridLink(hit.neighbour)) : null));
    }
    if (rule && hit.rule !== "inside") rows.push(el("p", {}, "依据 ", both(rule)));
    return el("div", { class: "where" }, ...rows);
  }
  const gridLink = (code) => el("button", { type: "button", class: "link", onclick: () => choose(code) }, props(code).name || code);

  let ticket = 0; // an answer that comes late does not replace a newer one
  async function choose(code, { hit = null, fly = true } = {}) {
    const mine = ++ticket;
    try {
      const card = await get(`/grids/${encodeURIComponent(code)}`);
      if (mine !== ticket) return;
      state.code = code;
      history.replaceState(null, "", `#${encodeURIComponent(code)}`);
      if (card.level && !state.levels.has(card.level) && levels.includes(card.level)) { state.levels.add(card.level); refresh(); }
      const body = gridgis.card(card, { onGrid: (next) => choose(next), extra: hit ? whereBox(hit) : null });
      body.prepend(el("button", { type: "button", class: "closer", title: "关闭 / close (Esc)", "aria-label": "关闭名片 / close the card", onclick: close }, "×"));
      $("content").replaceChildren(body);
      $("content").scrollTop = 0;
      for (const id of ["chosen", "chosen-line"]) map.setFilter(id, ["==", ["get", "code"], code]);
      if (fly && byCode.has(code)) frame(byCode.get(code));
    } catch (error) {
      if (mine === ticket) showFault(error);
    }
  }
  function frame(feature) {
    const box = new maplibregl.LngLatBounds();
    const visit = (c) => (typeof c[0] === "number" ? box.extend(c) : c.forEach(visit));
    visit(feature.geometry.coordinates);
    map.fitBounds(box, { padding: 70, maxZoom: 17.5, duration: moving(700) });
  }
  const moving = (ms) => (window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms);
  let pin = null;
  function mark(lon, lat) {
    if (pin) pin.remove();
    pin = lon === null ? null : new maplibregl.Marker({ element: el("div", { class: "pin" }) }).setLngLat([lon, lat]).addTo(map);
  }
  function close() {
    ticket += 1;
    state.code = null;
    mark(null, null);
    history.replaceState(null, "", location.pathname + location.search);
    for (const id of ["chosen", "chosen-line"]) map.setFilter(id, nothing);
    intro();
  }
  /** Look a point up, and show the grid at the finest level that is switched on. */
  async function locate(lon, lat) {
    const mine = ++ticket;
    mark(lon, lat);
    try {
      const { hit } = await get(`/locate?lon=${lon.toFixed(9)}&lat=${lat.toFixed(9)}`);
      if (mine !== ticket) return;
      if (!hit.code) {
        for (const id of ["chosen", "chosen-line"]) map.setFilter(id, nothing);
        $("content").replaceChildren(el("div", { class: "card" }, el("h2", {}, "此处不在任何网格内"), el("p", { class: "en" }, "This point is in no grid."), whereBox(hit),
          hit.nearest ? el("p", {}, "最近的网格：", gridLink(hit.nearest), `，${metres(hit.nearest_m)}`) : null));
        return;
      }
      const top = finest();
      const dedicated = props(hit.code).kind === "dedicated" && state.dedicated;
      const level = dedicated || !top ? null : hit.chain.find((code) => props(code).level !== null && props(code).level <= top);
      await choose(level || hit.code, { hit, fly: false });
    } catch (error) {
      if (mine === ticket) showFault(error);
    }
  }

  // ---- map events
  const hint = el("div", { class: "hint", hidden: true });
  document.querySelector("main").append(hint);
  map.on("click", (event) => locate(event.lngLat.lng, event.lngLat.lat));
  map.on("mousemove", (event) => {
    const found = map.queryRenderedFeatures(event.point, { layers: fillLayers() })[0];
    const code = found ? found.properties.code : "";
    map.getCanvasContainer().classList.toggle("on-grid", Boolean(found));
    for (const id of ["hover", "hover-line"]) map.setFilter(id, ["==", ["get", "code"], code]);
    hint.hidden = !found;
    if (found) {
      const p = props(code);
      hint.replaceChildren(p.name, " ", el("span", { class: "en" }, p.households && p.mode !== "overlay" ? `${whole(p.households)} 户 · ${code}` : code));
      const left = event.point.x > map.getCanvas().clientWidth - 260;
      hint.style.left = `${event.point.x}px`;
      hint.style.top = `${event.point.y}px`;
      hint.style.transform = left ? "translate(calc(-100% - 14px), 14px)" : "";
    }
  });
  map.getCanvas().addEventListener("mouseout", () => { hint.hidden = true; for (const id of ["hover", "hover-line"]) map.setFilter(id, nothing); });
  map.getCanvas().addEventListener("keydown", (event) => { if (event.key === "Enter") { const c = map.getCenter(); locate(c.lng, c.lat); } });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== $("query")) { event.preventDefault(); $("query").focus(); $("query").select(); }
    if (event.key === "Escape") { if (!$("results").hidden) list([]); else if ($("content").querySelector(".card")) close(); }
  });

  // ---- search
  let results = [];
  let current = -1;
  let timer = 0;
  function list(found, empty = false) {
    results = found;
    current = -1;
    const box = $("results");
    box.replaceChildren(...found.map((item, i) => el("li", { role: "option", id: `option-${i}`, "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); go(item); } }, el("span", {}, item.code ? item.label.replace(item.code, "").trim() || item.label : item.label), el("span", { class: "en" }, item.code && item.kind !== "coordinate" ? item.code : kindName(item.kind)))));
    if (empty) box.replaceChildren(el("li", { class: "none" }, "没有找到 ", el("span", { class: "en" }, "nothing found")));
    box.hidden = !found.length && !empty;
    $("query").setAttribute("aria-expanded", String(!box.hidden));
    $("query").removeAttribute("aria-activedescendant");
  }
  const kindName = (kind) => ({ grid: "网格 grid", building: "建筑 building", compound: "小区 estate", road: "道路 road", community: "社区 community", coordinate: "坐标 coordinate" }[kind] || kind);
  function go(item) {
    list([]);
    if (item.kind !== "coordinate") $("query").value = item.code ? item.label.replace(item.code, "").trim() : item.label;
    if (item.kind === "grid" && item.code) { mark(null, null); choose(item.code); return; }
    map.easeTo({ center: [item.lon, item.lat], zoom: Math.max(map.getZoom(), 16.5), duration: moving(700) });
    locate(item.lon, item.lat);
  }
  async function query(text) {
    if (!text.trim()) { list([]); return []; }
    try {
      const found = (await get(`/search?limit=8&q=${encodeURIComponent(text)}`)).results;
      if ($("query").value === text) list(found, !found.length);
      return found;
    } catch (error) {
      list([]);
      showFault(error);
      return [];
    }
  }
  $("query").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => query($("query").value), 150); });
  $("query").addEventListener("blur", () => list([]));
  $("query").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (!results.length) return;
    current = (current + (event.key === "ArrowDown" ? 1 : -1) + results.length) % results.length;
    [...$("results").children].forEach((node, i) => node.setAttribute("aria-selected", String(i === current)));
    $("query").setAttribute("aria-activedescendant", `option-${current}`);
    $("results").children[current].scrollIntoView({ block: "nearest" });
  });
  $("search").addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    const chosen = results[current] || (await query($("query").value))[0];
    if (chosen) go(chosen);
  });

  // ---- start
  const streets = [...new Set(data.communities.map((f) => f.properties.street).filter(Boolean))];
  const title = streets.length === 1 ? `${streets[0]}社区网格` : "社区网格";
  $("title").textContent = title;
  document.title = `${title} · gridgis`;
  $("subtitle").replaceChildren(`${whole(health.grids)} 个网格 `, el("span", { class: "en" }, "grids, in force"));
  $("revision").textContent = `修订版 revision ${health.revision} · ${health.version}`;
  $("legend").append(gridgis.legend({ categories: [...new Set(data.dedicated.map((f) => f.properties.category))], roads: classes, overlay: data.dedicated.some((f) => f.properties.mode === "overlay"), railway: data.railways.length > 0, water: data.water.length > 0 }));
  $("legend").open = window.innerWidth > 1000 && window.innerHeight > 640;
  const north = el("div", { class: "north maplibregl-ctrl", title: "上北 / north is up" });
  north.innerHTML = '<svg viewBox="0 0 40 52" width="32" height="42" aria-hidden="true"><path d="M20 14 30 46 20 39Z" fill="#22303c"/><path d="M20 14 10 46 20 39Z" fill="#fff" stroke="#22303c" stroke-width="1.2" stroke-linejoin="round"/><text x="20" y="11" text-anchor="middle" font-size="12" font-weight="700" fill="#22303c">北</text></svg>';
  document.querySelector(".maplibregl-ctrl-bottom-left").prepend(north);
  refresh();
  intro();
  function home(ms) {
    const padding = { top: window.innerWidth > 1000 ? 76 : 70, bottom: 30, left: 24, right: $("legend").open && window.innerWidth > 1200 ? 225 : 24 };
    map.fitBounds(bounds, { padding, duration: ms });
  }
  map.getCanvas().addEventListener("keydown", (event) => { if (event.key === "Home") home(moving(500)); });
  home(0);
  const start = decodeURIComponent(location.hash.slice(1));
  if (byCode.has(start)) choose(start);
  window.gridgisViewer = { map, choose, locate, close, home, refresh, state };
  map.once("idle", () => document.body.setAttribute("data-ready", "true"));
})();
