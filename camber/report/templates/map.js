(function () {
  "use strict";
  var holder = document.getElementById("map");
  // A live page may ask twice in a row: a map that is drawn stays.
  if (!holder || !window.L || holder._leaflet_id) { return; }
  var data = JSON.parse(document.getElementById("map-data").textContent);
  document.getElementById("map-tools").hidden = false;

  // A row of data.stretches, see camber/report/page_map.py.
  var RUN = 0, STROKE = 1, SIDE = 2, OUT_M = 3, NAME = 4, TEXTS = [5, 6, 7], LINE = 8;
  var UNKNOWN_SIDE = 2, PER_DEGREE = 1e5, EARTH_M = 40075016.686;
  // Pixels: the least distance from the line to a side, what keeps two directions on one side apart, widths.
  var LEAST = 4.5, APART = 1.5, KNOWN = 4, PLAIN = 3, THIN = 1.8, ARROW_EVERY = 84, ROAD_WIDTHS = [1, 2.5, 4.5];
  var MAPPED_M = 4;
  var HUES = ["--left", "--left", "--right", "--right", "--neutral", "--neutral", "--neutral"];
  var OPACITY = [1, 0.5, 1, 0.5, 0.8, 0.55, 0.6];
  var BARBS = [-1, -1, 1, 1, 0, 0, 0];
  var NO_WAY = 6;

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
    zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false, minZoom: 3, maxZoom: 19,
    zoomSnap: 0.25, scrollWheelZoom: false, renderer: L.canvas({ padding: 0.3, tolerance: 7 }) });
  map.on("focus click", function () { map.scrollWheelZoom.enable(); });
  L.control.scale({ imperial: holder.dataset.units === "mi", metric: holder.dataset.units !== "mi" }).addTo(map);

  var roads = data.roads.map(function (road) {
    var points = unpacked(road[2]);
    return { points: points, row: road, line: L.polyline(points, { interactive: false, smoothFactor: 1 }).addTo(map) };
  });
  var stretches = data.stretches.map(function (row) {
    var known = row[SIDE] !== UNKNOWN_SIDE;
    var line = L.polyline([], { weight: !known ? THIN : BARBS[row[STROKE]] ? KNOWN : PLAIN, opacity: OPACITY[row[STROKE]], lineCap: "butt",
      dashArray: row[STROKE] === NO_WAY ? "1.5 5" : null, smoothFactor: 0 });
    var one = { points: unpacked(row[LINE]), row: row, line: line };
    line.on("mouseover click", function (event) { explain(shown.indexOf(one)); L.DomEvent.stop(event); });
    return one;
  });
  var arrows = L.layerGroup().addTo(map), labels = L.layerGroup().addTo(map);
  var mark = L.polyline([], { interactive: false, weight: 11, opacity: 0.3 }).addTo(map);
  var shown = [], chosen = -1;

  // How far right of travel a stretch is drawn, in pixels: on the side that was run, true to scale where the map is
  // large enough for that; on the line where the side is not known.
  function pixelsOut(stretch, perPixel) {
    var side = stretch.row[SIDE], out = stretch.row[OUT_M];
    if (side === UNKNOWN_SIDE) { return 0; }
    if (side === 0) { return APART; }
    var away = out ? Math.max(LEAST, out / perPixel) : Math.max(0, LEAST - MAPPED_M / perPixel);
    return side * away + APART;
  }

  // A parallel of a line, right of travel: corners are mitred, and what a pixel cannot show is left out.
  function beside(points, right) {
    var pixels = [];
    points.forEach(function (point, i) {
      var pixel = map.latLngToLayerPoint(point), last = pixels[pixels.length - 1];
      if (last && last.distanceTo(pixel) < 2.5) {
        if (i === points.length - 1 && pixels.length > 1) { pixels[pixels.length - 1] = pixel; }
        else if (i === points.length - 1) { pixels.push(pixel); }
        return;
      }
      pixels.push(pixel);
    });
    if (!right) { return pixels; }
    function normal(a, b) {
      var length = a.distanceTo(b) || 1;
      return L.point(-(b.y - a.y) / length, (b.x - a.x) / length);
    }
    return pixels.map(function (pixel, i) {
      var before = i ? normal(pixels[i - 1], pixel) : null;
      var after = i < pixels.length - 1 ? normal(pixel, pixels[i + 1]) : null;
      var one = before || after, two = after || before;
      if (!one) { return pixel; }
      var sum = one.add(two), size = Math.max(sum.x * sum.x + sum.y * sum.y, 0.8);
      return L.point(pixel.x + 2 * right * sum.x / size, pixel.y + 2 * right * sum.y / size);
    });
  }

  function metresPerPixel() {
    return EARTH_M * Math.cos(map.getCenter().lat * Math.PI / 180) / (256 * Math.pow(2, map.getZoom()));
  }

  function place() {
    arrows.clearLayers();
    var scale = Math.min(2, Math.max(0.5, Math.pow(1.6, map.getZoom() - 15)));
    roads.forEach(function (road) { road.line.setStyle({ weight: scale * ROAD_WIDTHS[road.row[0]] }); });
    var since = ARROW_EVERY / 2, view = map.getBounds().pad(0.2), perPixel = metresPerPixel();
    shown.forEach(function (stretch) {
      var pixels = beside(stretch.points, pixelsOut(stretch, perPixel));
      stretch.pixels = pixels;
      stretch.line.setLatLngs(pixels.map(function (p) { return map.layerPointToLatLng(p); }));
      if (stretch.row[STROKE] === NO_WAY || !view.intersects(stretch.line.getBounds())) { return; }
      for (var i = 1; i < pixels.length; i += 1) {
        var a = pixels[i - 1], b = pixels[i], length = a.distanceTo(b);
        if (!length) { continue; }
        var ux = (b.x - a.x) / length, uy = (b.y - a.y) / length, at = ARROW_EVERY - since;
        for (; at <= length; at += ARROW_EVERY) {
          arrow(L.point(a.x + ux * at, a.y + uy * at), ux, uy, stretch.row[STROKE]);
        }
        since = length - (at - ARROW_EVERY);
      }
    });
    mark.setLatLngs(chosen < 0 ? [] : shown[chosen].line.getLatLngs());
    name();
  }

  // The barb stands on the side of the low leg, so that left and right differ without colour.
  function arrow(tip, ux, uy, stroke) {
    function at(along, across) {
      return map.layerPointToLatLng(L.point(tip.x + ux * along - uy * across, tip.y + uy * along + ux * across));
    }
    var barb = BARBS[stroke];
    var corners = barb ? [at(8, 0), at(-6, barb * 9), at(-6, 0)] : [at(5, 0), at(-4, -3.5), at(-4, 3.5)];
    arrows.addLayer(L.polygon(corners, { interactive: false, stroke: true, weight: 1, color: colour("--paper"),
      fillColor: colour(HUES[stroke]), fillOpacity: 1 }));
  }

  // Names of streets along their longest straight piece in view, those that were run first, none over another.
  function name() {
    labels.clearLayers();
    var size = map.getSize(), streets = {}, taken = [];
    function along(points, index, run) {
      if (index < 0) { return; }
      var street = streets[index] || (streets[index] = { length: 0, best: 0, run: run });
      for (var i = 1, from = 0, p = beside(points, 0); i < p.length; i += 1) {
        var length = p[i - 1].distanceTo(p[i]);
        street.length += length;
        var ux = p[i].x - p[from].x, uy = p[i].y - p[from].y, chord = Math.hypot(ux, uy);
        var vx = p[i].x - p[i - 1].x, vy = p[i].y - p[i - 1].y;
        if ((ux * vx + uy * vy) < 0.95 * chord * length) { from = i - 1; chord = length; }
        var middle = map.layerPointToContainerPoint(L.point((p[from].x + p[i].x) / 2, (p[from].y + p[i].y) / 2));
        var inside = middle.x > 40 && middle.y > 12 && middle.x < size.x - 40 && middle.y < size.y - 12;
        if (inside && chord > street.best) { street.best = chord; street.from = p[from]; street.to = p[i]; }
      }
    }
    var view = map.getBounds(), busy = {};
    function cell(spot) { return Math.round(spot.x / 14) + "," + Math.round(spot.y / 14); }
    shown.forEach(function (stretch) {
      stretch.pixels.forEach(function (p, i) {
        var before = stretch.pixels[Math.max(0, i - 1)], steps = Math.ceil(p.distanceTo(before) / 7) || 1;
        for (var k = 0; k <= steps; k += 1) { busy[cell(before.add(p.subtract(before).multiplyBy(k / steps)))] = true; }
      });
    });
    shown.forEach(function (stretch) { along(stretch.points, stretch.row[NAME], true); });
    roads.forEach(function (road) {
      if (road.row[1] >= 0 && view.intersects(road.line.getBounds())) { along(road.points, road.row[1], false); }
    });
    Object.keys(streets)
      .sort(function (a, b) { return streets[b].run - streets[a].run || streets[b].length - streets[a].length || a - b; })
      .forEach(function (index) {
        var street = streets[index], text = data.texts[index], width = 6.6 * text.length + 8;
        if (street.best < (street.run ? 0.45 : 0.7) * width || taken.length >= (street.run ? 24 : 12)) { return; }
        var dx = street.to.x - street.from.x, dy = street.to.y - street.from.y;
        var angle = Math.atan2(dy, dx), turned = Math.cos(angle) < 0 ? angle + Math.PI : angle;
        // Above the line, away from what is drawn on it.
        var x = (street.from.x + street.to.x) / 2 + 17 * Math.sin(turned);
        var y = (street.from.y + street.to.y) / 2 - 17 * Math.cos(turned);
        var steps = Math.max(2, Math.ceil(width / 14)), spots = [], free = true;
        for (var k = 0; k <= steps; k += 1) {
          var along = (k / steps - 0.5) * width, spot = L.point(x + along * Math.cos(turned), y + along * Math.sin(turned));
          spots.push(spot);
          var at = map.layerPointToContainerPoint(spot);
          if (at.x < 4 || at.y < 4 || at.x > size.x - 4 || at.y > size.y - 4 || (!street.run && busy[cell(spot)])) { free = false; }
          if (taken.some(function (other) { return other.some(function (s) { return s.distanceTo(spot) < 17; }); })) { free = false; }
        }
        if (!free) { return; }
        taken.push(spots);
        var words = document.createElement("span");
        words.textContent = text;
        words.className = street.run ? "run" : "";
        words.style.transform = "translate(-50%, -50%) rotate(" + turned + "rad)";
        var marker = L.marker(map.layerPointToLatLng(L.point(x, y)), { interactive: false, keyboard: false,
          icon: L.divIcon({ className: "street-name", html: words, iconSize: [0, 0] }) });
        labels.addLayer(marker);
      });
  }

  function paint() {
    roads.forEach(function (road) { road.line.setStyle({ color: colour("--road") }); });
    stretches.forEach(function (stretch) { stretch.line.setStyle({ color: colour(HUES[stretch.row[STROKE]]) }); });
    mark.setStyle({ color: colour("--ink") });
    place();
  }

  var box = document.getElementById("explanation"), hint = box.textContent;
  function say(texts) {
    box.textContent = "";
    texts.filter(Boolean).forEach(function (text) {
      var line = document.createElement("p");
      line.textContent = text;
      box.appendChild(line);
    });
  }
  function explain(index) {
    if (!shown.length || index < -1) { return; }
    chosen = (index + shown.length) % shown.length;
    say(TEXTS.map(function (column) { return data.texts[shown[chosen].row[column]]; }));
    mark.setLatLngs(shown[chosen].line.getLatLngs());
    holder.dataset.chosen = String(chosen);
    holder.dispatchEvent(new CustomEvent("camber:chosen", { detail: shown[chosen].row }));
  }
  function step(by) {
    if (!shown.length) { return; }
    explain(chosen < 0 ? (by > 0 ? 0 : shown.length - 1) : chosen + by);
    map.panTo(shown[chosen].line.getBounds().getCenter(), { animate: false });
  }

  function around(some) {
    var bounds = L.latLngBounds([]);
    some.forEach(function (stretch) { stretch.points.forEach(function (point) { bounds.extend(point); }); });
    return bounds;
  }
  // Runs in two towns would leave nothing to see: the view begins where most was run.
  function first() {
    var whole = around(shown), groups = [];
    if (!whole.isValid() || whole.getNorthEast().distanceTo(whole.getSouthWest()) < 40000) { return whole; }
    shown.forEach(function (stretch) {
      var bounds = around([stretch]), near = bounds.pad(1);
      var group = groups.find(function (other) { return other.bounds.getCenter().distanceTo(bounds.getCenter()) < 20000; });
      if (!group) { groups.push(group = { bounds: L.latLngBounds([]), points: 0 }); }
      group.bounds.extend(near);
      group.points += stretch.points.length;
    });
    return groups.sort(function (a, b) { return b.points - a.points; })[0].bounds;
  }
  function show(bounds) { if (bounds.isValid()) { map.fitBounds(bounds, { padding: [26, 26], animate: false, maxZoom: 17 }); } }

  // One run, or "0" for the streets of all runs together: lines, arrows, names and steps are of what is shown alone.
  function filter(run) {
    stretches.forEach(function (stretch) { stretch.line.remove(); });
    shown = stretches.filter(function (stretch) { return String(stretch.row[RUN]) === run; });
    chosen = -1;
    delete holder.dataset.chosen;
    holder.dataset.shown = String(shown.length);
    say([hint]);
    show(first());
    place();
    // What is sure lies above what is not.
    [5, 6, 4, 3, 1, 2, 0].forEach(function (stroke) {
      shown.forEach(function (stretch) { if (stretch.row[STROKE] === stroke) { stretch.line.addTo(map); } });
    });
  }
  var runs = document.getElementById("map-run");
  document.getElementById("map-before").addEventListener("click", function () { step(-1); });
  document.getElementById("map-after").addEventListener("click", function () { step(1); });
  document.getElementById("map-whole").addEventListener("click", function () { show(around(shown)); });
  runs.addEventListener("change", function () { filter(runs.value); });

  map.setView([0, 0], 3);
  filter(runs.value);
  paint();
  map.on("zoomend moveend resize", place);
  if (window.matchMedia) {
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
    window.matchMedia("print").addEventListener("change", function (event) { refit(event.matches); });
  }
  window.addEventListener("beforeprint", function () { refit(true); });
  window.addEventListener("afterprint", function () { refit(false); });
  // Paper is told of before its layout is there, so the map takes its size on paper first; what was drawn for another
  // size would be cut off. The canvas is drawn at once: no frame comes before the paper does.
  function refit(printed) {
    holder.classList.toggle("printed", printed);
    map.invalidateSize({ animate: false, pan: false });
    show(first());
    paint();
    map.fire("viewreset");
  }
  // For whoever looks at the page from its console.
  holder.dataset.stretches = String(stretches.length);
  window.camberMap = map;
  window.camberShown = function () { return shown; };
}());
