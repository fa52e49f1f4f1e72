/* Shared by the map file (Leaflet) and the viewer page (MapLibre): words, colours, the card, the legend.
   All text from data goes through textContent, never through markup. */
"use strict";

const gridgis = (() => {
  const words = GRIDGIS_WORDS;

  /** Make an element: el("p", {class: "x"}, "text", child). Null children are left out. */
  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  /** Chinese first, English beside it in a quieter voice. */
  const both = (pair, cls = "both") => el("span", { class: cls }, pair.zh, " ", el("span", { class: "en", lang: "en" }, pair.en));

  const whole = (number) => Number(number).toLocaleString("zh-CN", { maximumFractionDigits: 0 });

  function area(m2) {
    if (m2 === null || m2 === undefined) return "—";
    return m2 >= 1e6 ? `${(m2 / 1e6).toFixed(2)} km²` : m2 >= 1e4 ? `${(m2 / 1e4).toFixed(1)} 公顷` : `${whole(m2)} m²`;
  }

  function mix(colour, other, share) {
    const parse = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    const [a, b] = [parse(colour), parse(other)];
    return "#" + a.map((v, i) => Math.round(v * (1 - share) + b[i] * share).toString(16).padStart(2, "0")).join("");
  }

  /** Fill of a grid: the hue of its level-2 grid, for level 3 lightened by its tint, so that nesting can be seen. */
  function fill(grid) {
    if (grid.kind === "dedicated") return (words.categories[grid.category] || words.categories.other).colour;
    const hue = words.hues[grid.colour % words.hues.length];
    return grid.level === 3 ? mix(hue, "#ffffff", [0, 0.22, 0.42, 0.6][grid.tint % 4]) : hue;
  }

  function kindOf(grid) {
    if (grid.kind !== "dedicated") return words.levels[grid.level] || words.kinds.comprehensive;
    const category = words.categories[grid.category] || words.categories.other;
    return { zh: `专属网格 · ${category.zh}`, en: category.en };
  }

  function colourOf(grid) {
    if (grid.kind === "dedicated") return fill(grid);
    return (words.levels[grid.level] || words.levels[3]).line;
  }

  const flagsOf = (flags) => (Array.isArray(flags) ? flags : String(flags || "").split(",")).filter(Boolean);

  function copyButton(text) {
    const button = el("button", { type: "button", class: "copy", title: "复制编码 / copy the code", "aria-label": `复制编码 ${text}` }, "复制");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const area = el("textarea", { class: "offscreen" });
        area.value = text;
        document.body.append(area);
        area.select();
        document.execCommand("copy"); // pages opened from a file have no clipboard API
        area.remove();
      }
      button.textContent = "已复制";
      setTimeout(() => { button.textContent = "复制"; }, 1500);
    });
    return button;
  }

  function person(leader, role) {
    if (!leader) return el("span", { class: "vacant" }, "空缺 ", el("span", { class: "en" }, "vacant"));
    return el("span", { class: "person" },
      el("b", {}, leader.name), leader.phone ? el("span", { class: "phone" }, leader.phone) : null,
      role && words.roles[role] ? el("span", { class: "en" }, words.roles[role].zh) : null);
  }

  function chainList(card, onGrid) {
    const items = (card.chain || []).map((step) => el("li", {},
      el("button", { type: "button", class: "link", onclick: () => onGrid && onGrid(step.code) }, step.name || step.code),
      el("span", { class: "level" }, step.level ? words.levels[step.level].zh : "专属网格"),
      person(step.leader)));
    return items.length ? el("ol", { class: "chain" }, ...items) : null;
  }

  const fact = (zh, en, value) => el("div", { class: "fact" }, el("dt", {}, zh, " ", el("span", { class: "en" }, en)), el("dd", {}, value));

  /** The card of a grid as an element. `onGrid(code)` is called for a grid of the leader chain; `extra` goes below the head. */
  function card(data, { onGrid = null, extra = null, heading = "h2" } = {}) {
    const kind = kindOf(data);
    const badge = el("span", { class: "kind", style: `--tone:${colourOf(data)}` }, both(kind));
    const mode = data.kind === "dedicated" && words.modes[data.mode] ? el("span", { class: "mode" }, words.modes[data.mode].zh) : null;
    const flags = flagsOf(data.flags).map((key) => el("li", {}, words.flags[key] ? both(words.flags[key]) : key));
    const community = data.community && data.community.name ? data.community.name : null;
    const helpers = (data.administrators || []).map((p) => el("li", {}, person(p, p.role)));
    return el("article", { class: "card" },
      el("div", { class: "kinds" }, badge, mode),
      el(heading, {}, data.name || data.code),
      el("p", { class: "code" }, el("code", {}, data.code), copyButton(data.code)),
      extra,
      el("dl", { class: "facts" },
        fact("户数", "households", data.mode === "overlay" ? "不计 not counted" : data.households === null || data.households === undefined ? "—" : `${whole(data.households)} 户`),
        fact("面积", "area", area(data.area_m2)),
        community ? fact("社区", "community", community) : null,
        data.street ? fact("街道", "street", data.street) : null),
      data.chain && data.chain.length ? el("h3", {}, "网格长 ", el("span", { class: "en" }, "leaders, from here up")) : null,
      chainList(data, onGrid),
      helpers.length ? el("h3", {}, "网格员 ", el("span", { class: "en" }, "administrators")) : null,
      helpers.length ? el("ul", { class: "people" }, ...helpers) : null,
      flags.length ? el("ul", { class: "flags" }, ...flags) : null,
      data.reasons && data.reasons.length ? el("ul", { class: "reasons" }, ...data.reasons.map((why) => el("li", {}, why.zh, el("span", { class: "en" }, why.en)))) : null,
      data.revision !== undefined && data.revision !== null ? el("p", { class: "note" }, `修订版 revision ${data.revision}`, data.valid_from ? ` · 自 ${String(data.valid_from).slice(0, 10)} 起生效` : "") : null);
  }

  /** The legend; `categories` are the keys that occur, `roads` the classes that occur. */
  function legend({ categories = [], roads = [], overlay = false, fault = false, railway = false, water = false } = {}) {
    const row = (swatch, pair) => el("li", {}, swatch, both(pair));
    const rows = Object.entries(words.levels).map(([level, pair]) => row(el("i", { class: `line level-${level}` }), pair));
    if (fault) rows.push(row(el("i", { class: "line fault" }), words.fault));
    const known = Object.keys(words.categories).filter((key) => categories.includes(key));
    const marks = known.map((key) => {
      const category = words.categories[key];
      return row(el("i", { class: "mark", style: `--tone:${category.colour}` }, category.mark), category);
    });
    const classes = { motorway: ["快速路", "motorway"], primary: ["主干路", "primary road"], secondary: ["次干路", "secondary"], tertiary: ["支路", "tertiary"], residential: ["街巷", "lane"] };
    const lines = Object.keys(classes).filter((key) => roads.includes(key)).map((key) => {
      const style = words.town.roads[key];
      return row(el("i", { class: "road", style: `--fill:${style.fill};--case:${style.case}` }), { zh: classes[key][0], en: classes[key][1] });
    });
    if (railway) lines.push(row(el("i", { class: "rail" }), { zh: "铁路", en: "railway" }));
    if (water) lines.push(row(el("i", { class: "water" }), { zh: "水面", en: "water" }));
    lines.push(row(el("i", { class: "building" }), { zh: "建筑", en: "building" }));
    const section = (pair, items) => (items.length ? el("section", {}, el("h3", {}, both(pair)), el("ul", {}, ...items)) : null);
    return el("div", { class: "legend-body" },
      section({ zh: "网格层级", en: "Grid levels" }, rows),
      section({ zh: "专属网格", en: "Dedicated grids" }, marks.concat(overlay ? [row(el("i", { class: "overlay" }), { zh: "叠加（虚线）", en: "overlay, dashed" })] : [])),
      section({ zh: "底图", en: "Base map" }, lines));
  }

  /** The name without what its parents say already: "西大街社区第3网格" under "西大街社区" is "第3网格". */
  function shortName(name, parents) {
    for (const parent of parents) {
      if (parent && name !== parent && name.startsWith(parent)) return name.slice(parent.length).replace(/^[\s·\-—]+/, "") || name;
    }
    return name;
  }

  /** Longitude and latitude from "109.03,32.69" (also "，" or a space); null where the text is no coordinate. */
  function coordinate(text) {
    const match = /^\s*(-?\d+(?:\.\d+)?)\s*[,，;；\s]\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text);
    return match ? [Number(match[1]), Number(match[2])] : null;
  }

  /** A place for a large name at or near `at` with no mark (lon, lat) under it, at an overview of so many metres per pixel. */
  function clearOf(at, marks, metresPerPixel) {
    const degree = 111195;
    const east = degree * Math.cos((at[1] * Math.PI) / 180);
    const free = (p) => marks.every((m) => Math.abs(m[0] - p[0]) * east > 80 * metresPerPixel || Math.abs(m[1] - p[1]) * degree > 40 * metresPerPixel);
    const tries = [[0, 0]];
    for (const far of [42, 56, 70, 84]) tries.push([0, far], [0, -far], [far * 1.6, 0], [-far * 1.6, 0], [far * 1.6, far], [-far * 1.6, far], [far * 1.6, -far], [-far * 1.6, -far]);
    const places = tries.map(([x, y]) => [at[0] + (x * metresPerPixel) / east, at[1] + (y * metresPerPixel) / degree]);
    return places.find(free) || at;
  }

  return { clearOf, words, el, both, whole, area, mix, fill, kindOf, colourOf, flagsOf, card, legend, shortName, coordinate };
})();
