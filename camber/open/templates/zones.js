(function () {
  "use strict";
  var holder = document.getElementById("zone-map");
  if (!holder || holder._leaflet_id) { return; }
  var data = JSON.parse(document.getElementById("zone-data").textContent), bounds = L.latLngBounds([]);
  var latitude = document.getElementById("zone-latitude"), longitude = document.getElementById("zone-longitude"), radius = document.getElementById("zone-radius");
  function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }
  var map = L.map("zone-map", { attributionControl: false, zoomAnimation: false, fadeAnimation: false, preferCanvas: true, maxZoom: 18 });
  L.control.scale().addTo(map);
  data.lines.forEach(function (numbers) {
    var points = [], lon = 0, lat = 0;
    for (var i = 0; i < numbers.length; i += 2) { lon += numbers[i]; lat += numbers[i + 1]; points.push([lat / 1e5, lon / 1e5]); }
    bounds.extend(points);
    L.polyline(points, { color: colour("--neutral"), weight: 2, opacity: 0.7, interactive: false }).addTo(map);
  });
  data.zones.forEach(function (zone) {
    bounds.extend([zone[0], zone[1]]);
    L.circle([zone[0], zone[1]], { radius: zone[2], color: colour("--left"), interactive: false }).addTo(map);
  });
  if (bounds.isValid()) { map.fitBounds(bounds, { padding: [20, 20], maxZoom: 15 }); } else { map.setView([50, 10], 3); }
  var chosen = L.circle([0, 0], { radius: 0, color: colour("--right"), interactive: false }).addTo(map);
  function show() {
    var place = [parseFloat(latitude.value), parseFloat(longitude.value)];
    if (isFinite(place[0]) && isFinite(place[1])) { chosen.setLatLng(place).setRadius(Number(radius.value) || 400); }
  }
  map.on("click", function (event) {
    latitude.value = event.latlng.lat.toFixed(5);
    longitude.value = event.latlng.lng.toFixed(5);
    show();
  });
  [latitude, longitude, radius].forEach(function (one) { one.addEventListener("input", show); });
  window.camberZones = map;
}());
