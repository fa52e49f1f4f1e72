/* Before and after a re-division: borders of both, moved buildings on top; Leaflet and nothing from outside. */
"use strict";

function gridgisBeforeAfter(map, data) {
  const decode = gridgisDecoder(data);
  const rings = (shape) => shape.map((polygon) => polygon.map(decode));
  const text = (value) => document.createTextNode(value);
  const el = (name, ...children) => {
    const node = document.createElement(name);
    node.append(...children);
    return node;
  };

  const canvas = L.canvas({ padding: 0.4 });
  L.polygon(rings(data.buildings), { renderer: canvas, interactive: false, fillColor: "#d9cfbd", fillOpacity: 1, color: "#b9ad97", weight: 0.5 }).addTo(map);
  const weight = { 1: 4, 2: 2.6, 3: 1.2 };
  const layers = {};
  for (const [key, colour, dash] of [["before", "#3b6ea5", "6 5"], ["after", "#b3261e", null]]) {
    layers[key] = L.layerGroup().addTo(map);
    for (const level of [3, 2, 1]) {
      L.polyline(data[key][level].map(decode), { interactive: false, color: colour, weight: weight[level] + (dash ? 1.6 : 0), opacity: dash ? 0.75 : 0.9, dashArray: dash }).addTo(layers[key]);
    }
  }
  layers.moved = L.layerGroup().addTo(map);
  for (const item of data.moved) {
    const box = el("div", el("b", text(item.name || item.id)), el("div", text(`${item.households} 户 households`)));
    for (const level of [2, 3]) {
      if (item[`new_level${level}`]) {
        box.append(el("div", text(`${level}级 level ${level}: ${item[`old_level${level}`]} → ${item[`new_level${level}`]}`)));
      }
    }
    L.polygon(rings(item.shape), { fillColor: "#f08a24", fillOpacity: 0.95, color: "#8a3b00", weight: 1.5 }).bindPopup(box).addTo(layers.moved);
  }

  const panel = L.control({ position: "topright" });
  panel.onAdd = () => {
    const moved = data.moved.reduce((sum, item) => sum + item.households, 0);
    const node = el("div", el("h1", text(data.title)), el("div", text(`移动 ${data.moved.length} 栋 ${moved} 户 / ${data.moved.length} buildings, ${moved} households moved`)));
    node.className = "change-panel";
    for (const [key, words, colour] of [["before", "原边界 before", "#3b6ea5"], ["after", "新边界 after", "#b3261e"], ["moved", "移动的楼栋 moved", null]]) {
      const box = el("input");
      box.type = "checkbox";
      box.checked = true;
      box.addEventListener("change", () => (box.checked ? layers[key].addTo(map) : layers[key].remove()));
      const mark = el("i");
      if (colour) mark.style.borderTopColor = colour;
      else mark.className = "box";
      node.append(el("label", box, mark, text(words)));
    }
    L.DomEvent.disableClickPropagation(node);
    return node;
  };
  panel.addTo(map);
  map.fitBounds(data.bounds, { padding: [20, 20] });
}
