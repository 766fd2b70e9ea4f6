(function () {
  "use strict";
  var holder = document.getElementById("map");
  var data = JSON.parse(document.getElementById("map-data").textContent);
  if (!holder || !window.L) { return; }
  document.getElementById("map-tools").hidden = false;

  // Left and right of travel in pixels, so that the way out and the way back stay apart. Not to scale.
  var APART = 3.5, EVERY = 70, PER_DEGREE = 1e5;
  var HUES = ["--left", "--left", "--right", "--right", "--neutral", "--neutral", "--neutral"];
  var DASHES = [null, "7 5", null, "7 5", null, "7 5", "1.5 5"];
  var BARBS = [-1, -1, 1, 1, 0, 0, 0];
  var ROAD_WIDTHS = [1, 2.5, 4];

  function unpacked(numbers) {
    var points = [], lon = 0, lat = 0;
    for (var i = 0; i < numbers.length; i += 2) {
      lon += numbers[i];
      lat += numbers[i + 1];
      points.push(L.latLng(lat / PER_DEGREE, lon / PER_DEGREE));
    }
    return points;
  }

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  var map = L.map(holder, { preferCanvas: true, attributionControl: false, zoomControl: true,
    zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false, minZoom: 3,
    scrollWheelZoom: false, renderer: L.canvas({ padding: 0.3, tolerance: 7 }) });
  map.on("focus click", function () { map.scrollWheelZoom.enable(); });
  L.control.scale({ imperial: holder.dataset.units === "mi", metric: holder.dataset.units !== "mi" }).addTo(map);

  var roads = data.roads.map(function (road) {
    return L.polyline(unpacked(road[1]), { interactive: false, weight: ROAD_WIDTHS[road[0]], smoothFactor: 1 })
      .addTo(map);
  });
  var stretches = data.stretches.map(function (row, index) {
    var line = L.polyline(unpacked(row[6]), { weight: 4, dashArray: DASHES[row[1]], lineCap: "butt",
      smoothFactor: 0 });
    line.on("mouseover click", function (event) { explain(index); L.DomEvent.stop(event); });
    return { points: unpacked(row[6]), row: row, line: line.addTo(map) };
  });
  var arrows = L.layerGroup().addTo(map);
  var mark = L.polyline([], { interactive: false, weight: 9, opacity: 0.35 }).addTo(map);
  var chosen = -1;

  function shifted(points, side) {
    var pixels = points.map(function (point) { return map.latLngToLayerPoint(point); });
    return pixels.map(function (pixel, i) {
      var a = pixels[Math.max(i - 1, 0)], b = pixels[Math.min(i + 1, pixels.length - 1)];
      var x = b.x - a.x, y = b.y - a.y, length = Math.hypot(x, y) || 1;
      return L.point(pixel.x - y / length * side, pixel.y + x / length * side);
    });
  }

  function place() {
    arrows.clearLayers();
    var since = EVERY / 2, view = map.getBounds().pad(0.3), runBefore = null;
    stretches.forEach(function (stretch) {
      var pixels = shifted(stretch.points, APART), barb = BARBS[stretch.row[1]];
      stretch.line.setLatLngs(pixels.map(function (p) { return map.layerPointToLatLng(p); }));
      if (stretch.row[0] !== runBefore) { since = EVERY / 2; runBefore = stretch.row[0]; }
      for (var i = 1; i < pixels.length; i += 1) {
        var a = pixels[i - 1], b = pixels[i], length = a.distanceTo(b);
        if (!length) { continue; }
        var ux = (b.x - a.x) / length, uy = (b.y - a.y) / length, at = EVERY - since;
        for (; at <= length; at += EVERY) { arrow(L.point(a.x + ux * at, a.y + uy * at), ux, uy, barb, stretch.row[1], view); }
        since = length - (at - EVERY);
      }
    });
    if (chosen >= 0) { mark.setLatLngs(stretches[chosen].line.getLatLngs()); }
  }

  // The barb stands on the side of the low leg, so that left and right differ without colour.
  function arrow(tip, ux, uy, barb, stroke, view) {
    if (!view.contains(map.layerPointToLatLng(tip))) { return; }
    function at(along, across) {
      return map.layerPointToLatLng(L.point(tip.x + ux * along - uy * across, tip.y + uy * along + ux * across));
    }
    var corners = barb ? [at(7, 0), at(-6, barb * 8), at(-6, 0)] : [at(7, 0), at(-5, -4), at(-5, 4)];
    var hue = colour(HUES[stroke]);
    arrows.addLayer(L.polygon(corners, { interactive: false, stroke: true, weight: 1, color: colour("--paper"),
      fillColor: hue, fillOpacity: 1 }));
  }

  function paint() {
    roads.forEach(function (road) { road.setStyle({ color: colour("--road") }); });
    stretches.forEach(function (stretch) { stretch.line.setStyle({ color: colour(HUES[stretch.row[1]]) }); });
    mark.setStyle({ color: colour("--ink") });
    place();
  }

  function explain(index) {
    chosen = (index + stretches.length) % stretches.length;
    var row = stretches[chosen].row, box = document.getElementById("explanation");
    box.textContent = "";
    [2, 3, 4, 5].forEach(function (column) {
      var text = data.texts[row[column]];
      if (!text) { return; }
      var line = document.createElement("p");
      line.textContent = text;
      box.appendChild(line);
    });
    mark.setLatLngs(stretches[chosen].line.getLatLngs());
    holder.dataset.chosen = String(chosen);
  }

  function step(by) {
    explain(chosen < 0 ? (by > 0 ? 0 : stretches.length - 1) : chosen + by);
    map.panTo(stretches[chosen].line.getBounds().getCenter(), { animate: false });
  }

  var whole = L.latLngBounds([]);
  stretches.forEach(function (stretch) { around(stretch.points, whole); });
  function around(points, bounds) { points.forEach(function (point) { bounds.extend(point); }); return bounds; }
  // Runs in two towns would leave nothing to see: the view begins where the first run was.
  function first() {
    if (whole.getNorthEast().distanceTo(whole.getSouthWest()) < 40000) { return whole; }
    var byRun = {}, near;
    stretches.forEach(function (stretch) {
      byRun[stretch.row[0]] = around(stretch.points, byRun[stretch.row[0]] || L.latLngBounds([]));
    });
    near = byRun[stretches[0].row[0]];
    Object.keys(byRun).forEach(function (run) {
      if (near.pad(1).intersects(byRun[run])) { near = near.extend(byRun[run]); }
    });
    return near;
  }
  function show(bounds) { map.fitBounds(bounds, { padding: [14, 14], animate: false, maxZoom: 18 }); }
  function fit() { show(whole); }
  document.getElementById("map-before").addEventListener("click", function () { step(-1); });
  document.getElementById("map-after").addEventListener("click", function () { step(1); });
  document.getElementById("map-whole").addEventListener("click", fit);
  var runs = document.getElementById("map-run");
  runs.addEventListener("change", function () {
    var wanted = runs.value, bounds = L.latLngBounds([]);
    stretches.forEach(function (stretch) {
      var shown = !wanted || String(stretch.row[0]) === wanted;
      if (shown) { stretch.line.addTo(map); } else { stretch.line.remove(); }
      if (shown) { around(stretch.points, bounds); }
    });
    if (bounds.isValid()) { show(bounds); }
    place();
  });
  show(first());
  paint();
  map.on("zoomend moveend resize", place);
  if (window.matchMedia) {
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
    window.matchMedia("print").addEventListener("change", paint);
  }
  window.addEventListener("beforeprint", function () { map.invalidateSize({ animate: false, pan: false }); paint(); });
  // For whoever looks at the page from its console.
  holder.dataset.stretches = String(stretches.length);
  window.camberMap = map;
}());
