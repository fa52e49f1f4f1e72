// The map of an imported layer: features grey, places to look at red, mended ones green; a list leads to each place.
"use strict";

function gridgisImported(map, data) {
  const text = (tag, words, name) => {
    const element = document.createElement(tag);
    element.textContent = words;
    if (name) element.className = name;
    return element;
  };
  map.fitBounds(data.bounds, { padding: [20, 20], animate: false });
  const features = L.geoJSON(
    data.features.map((f) => ({ type: "Feature", properties: { name: f.name }, geometry: f.shape })),
    {
      style: { color: "#4a6078", weight: 1.2, fillColor: "#8fa6bd", fillOpacity: 0.25 },
      pointToLayer: (f, at) => L.circleMarker(at, { radius: 3, color: "#4a6078", weight: 1 }),
      onEachFeature: (f, layer) => layer.bindTooltip(text("span", f.properties.name), { sticky: true }),
    },
  ).addTo(map);
  const panel = text("aside", "", "imported");
  panel.append(text("h1", data.title), text("p", data.subtitle));
  const open = data.places.filter((p) => !p.done).length;
  const mended = data.places.length - open;
  if (data.places.length) {
    panel.append(text("p", `待处理 ${open} 处，已修复 ${mended} 处 / ${open} to look at, ${mended} mended`, "sums"));
  } else {
    panel.append(text("p", "没有问题位置 / no places to look at", "sums"));
  }
  const list = text("ol", "");
  panel.append(list);
  for (const place of data.places) {
    const colour = place.done ? "#2c7a4b" : "#c62f2f";
    L.geoJSON(place.shape, { style: { color: colour, weight: 1.5, fillOpacity: 0.6 }, interactive: false,
      pointToLayer: (f, at) => L.circleMarker(at, { radius: 2, color: colour }) }).addTo(map);
    const words = text("div", place.zh);
    words.append(text("div", place.en, "en"));
    const ring = L.circleMarker(place.at, { radius: 9, color: colour, weight: 2.5, fill: true, fillOpacity: 0 });
    ring.bindPopup(words).addTo(map);
    const row = text("button", place.zh, place.done ? "done" : "open");
    row.type = "button";
    row.title = place.en;
    row.addEventListener("click", () => {
      map.setView(place.at, Math.max(map.getZoom(), 19), { animate: false });
      ring.openPopup();
    });
    const item = text("li", "");
    item.append(row);
    list.append(item);
  }
  if (data.left) panel.append(text("p", `另有 ${data.left} 处，见报告 / ${data.left} more, see the report`));
  document.body.append(panel);
  L.control.scale({ imperial: false }).addTo(map);
  L.DomEvent.disableClickPropagation(panel);
  return features;
}
