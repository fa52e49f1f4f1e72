/* Shapes as the maps hold them, for every Leaflet page: steps from the origin, see maps/encode.py. */
"use strict";

/** Return the function that turns steps into [lat, lon] points. */
function gridgisDecoder(data) {
  const [lon0, lat0] = data.origin;
  return (steps) => {
    const out = new Array(steps.length / 2);
    let x = 0;
    let y = 0;
    for (let i = 0; i < out.length; i++) {
      x += steps[2 * i];
      y += steps[2 * i + 1];
      out[i] = [lat0 + y * data.step, lon0 + x * data.step];
    }
    return out;
  };
}
