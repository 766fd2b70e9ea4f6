(function () {
  "use strict";
  var token = document.querySelector("input[name=token]"), busy = false, waits = false, part = document.getElementById("chores");
  var fresh = part.dataset.fresh, turn = null;

  function say(text) { document.getElementById("said").textContent = text; }

  // Puts the main part of an answered page in place of the one that stands here; what is open and where one is stays.
  function swap(text) {
    var page = new DOMParser().parseFromString(text, "text/html"), next = page.querySelector("main"), main = document.querySelector("main");
    if (!next) { return; }
    var view = window.camberMap && document.getElementById("map") ? [window.camberMap.getCenter(), window.camberMap.getZoom()] : null;
    var run = document.getElementById("map-run"), shown = run && run.value, tapped = where(), held = named(document.activeElement);
    var opened = Array.from(main.querySelectorAll("details[open] > summary")).map(function (one) { return one.textContent; });
    var top = window.scrollY;
    document.title = page.title;
    main.replaceWith(document.adoptNode(next));
    next.querySelectorAll("details > summary").forEach(function (one) {
      if (opened.indexOf(one.textContent) >= 0) { one.parentNode.open = true; }
    });
    var work = page.getElementById("chores");
    if (work) { part.replaceChildren.apply(part, work.childNodes); fresh = work.dataset.fresh; }
    window.scrollTo(0, top);
    if (held && document.querySelector(held)) { document.querySelector(held).focus({ preventScroll: true }); }
    if (document.getElementById("map")) { draw(view, shown, tapped); } else { window.camberMap = null; }
    if (document.getElementById("zone-map") && window.L) { script("/static/zones.js"); }
  }
  function named(one) {
    if (!one || one === document.body) { return ""; }
    return one.id ? "#" + CSS.escape(one.id) : one.name ? one.tagName + "[name=\"" + CSS.escape(one.name) + "\"][value=\"" + CSS.escape(one.value) + "\"]" : "";
  }
  function script(name, then) {
    var made = document.createElement("script");
    made.src = name;
    made.onload = then;
    document.head.appendChild(made);
  }
  function where() {
    var tap = document.getElementById("tap");
    return tap && !tap.hidden ? tap.querySelector("[name=where]").value : "";
  }
  function draw(view, shown, tapped) {
    if (!window.L) { script("/static/leaflet.js", function () { draw(view, shown, tapped); }); return; }
    script("/static/map.js", function () {
      if (!document.getElementById("map")) { return; }
      var run = document.getElementById("map-run");
      if (run && shown && Array.from(run.options).some(function (one) { return one.value === shown; })) {
        run.value = shown;
        run.dispatchEvent(new Event("change"));
      }
      if (view) { window.camberMap.setView(view[0], view[1], { animate: false }); }
      listen();
      // The line that was tapped is tapped again.
      var same = tapped && window.camberShown().find(function (one) { return JSON.stringify((one.row[9] || []).slice(-60)) === tapped; });
      if (same) { same.line.fire("click"); }
    });
  }

  function load(path, into) {
    return fetch(path, { headers: { accept: "text/html" } }).then(function (answer) { return answer.text(); }).then(into);
  }
  // One reload at a time, and none while somebody types.
  function again() {
    if (busy || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { waits = true; return; }
    busy = true;
    document.querySelector("main").setAttribute("aria-busy", "true");
    load(location.pathname + location.search, swap).finally(function () { busy = false; if (waits) { waits = false; again(); } });
  }
  document.addEventListener("focusout", function () { setTimeout(function () { if (waits && !busy) { waits = false; again(); } }, 300); });

  document.addEventListener("submit", function (event) {
    var form = event.target, values = new URLSearchParams(new FormData(form));
    if (form.method !== "post") { return; }
    event.preventDefault();
    if (event.submitter && event.submitter.name) { values.set(event.submitter.name, event.submitter.value); }
    if (event.submitter) { event.submitter.disabled = true; }
    say("");
    fetch(form.getAttribute("action"), { method: "POST", body: values }).then(function (answer) {
      return answer.text().then(function (text) {
        if (event.submitter) { event.submitter.disabled = false; }
        if (answer.ok) { swap(text); return; }
        var message = new DOMParser().parseFromString(text, "text/html").getElementById("message");
        say(message ? message.textContent : text);
      });
    }).catch(function () { say("camber does not answer: is it still open in the terminal?"); });
  });

  // A tapped line of the map: where it lies goes into the form below it.
  function listen() {
    var map = document.getElementById("map"), tap = document.getElementById("tap");
    if (!map || !tap) { return; }
    map.addEventListener("camber:chosen", function (event) {
      var where = event.detail[9] || [];
      tap.hidden = !where.length;
      tap.querySelectorAll("[name=where]").forEach(function (one) { one.value = JSON.stringify(where.slice(-60)); });
    });
  }
  listen();

  // Files that are dropped, or chosen: one after the other, as they are.
  var waiting = [], sending = false;
  function send() {
    var said = document.getElementById("drop-said"), file = waiting.shift();
    if (!file) { sending = false; return; }
    sending = true;
    var request = new XMLHttpRequest();
    request.open("POST", "/upload?name=" + encodeURIComponent(file.name));
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("x-camber-token", token ? token.value : document.getElementById("drop").dataset.token);
    request.upload.onprogress = function (event) { said.textContent = file.name + ": " + Math.round(100 * event.loaded / (event.total || 1)) + " %"; };
    request.onload = function () { if (request.status === 200) { said.textContent = request.responseText; } else { say(request.responseText); } send(); };
    request.onerror = function () { say(file.name + " could not be sent."); send(); };
    request.send(file);
  }
  function take(files) { waiting = waiting.concat(Array.from(files)); if (!sending) { send(); } }
  ["dragover", "dragleave", "drop"].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      var drop = document.getElementById("drop");
      if (!drop) { return; }
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
      if (kind === "drop") { take(event.dataTransfer.files); }
    });
  });
  document.addEventListener("change", function (event) { if (event.target.id === "files") { take(event.target.files); event.target.value = ""; event.target.blur(); } });

  new EventSource("/events").onmessage = function (event) {
    var now = JSON.parse(event.data);
    if (String(now.fresh) !== fresh) { fresh = String(now.fresh); again(); } else if (turn !== null && now.turn !== turn) {
      load(part.dataset.part, function (text) {
        var page = new DOMParser().parseFromString(text, "text/html");
        part.replaceChildren.apply(part, page.body.childNodes);
      });
    }
    turn = now.turn;
  };
}());
