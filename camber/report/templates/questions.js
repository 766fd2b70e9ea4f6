(function () {
  "use strict";
  var block = document.getElementById("questions");
  var line = document.getElementById("told-line"), copy = document.getElementById("told-copy");
  var said = document.getElementById("told-said");
  document.getElementById("told").hidden = false;

  // One word for each question of which every part is answered, as `camber tell` takes them.
  function command() {
    var words = [];
    block.querySelectorAll("[data-question]").forEach(function (question) {
      var parts = question.querySelectorAll("fieldset"), keys = "";
      parts.forEach(function (part) {
        var chosen = part.querySelector("input:checked");
        keys += chosen ? chosen.value : "";
      });
      if (keys.length === parts.length) { words.push(question.dataset.question + "=" + keys); }
    });
    return words.length ? "camber tell " + words.join(" ") : "";
  }

  function show() {
    var text = command();
    line.textContent = text || line.dataset.none;
    copy.disabled = !text;
    said.textContent = "";
  }

  function select() {
    var range = document.createRange();
    range.selectNodeContents(line);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }

  copy.addEventListener("click", function () {
    var done = function () { said.textContent = "Copied: paste it into a terminal."; };
    // A page opened from a disk may not be allowed to; the line is then selected, to be copied by hand.
    var by_hand = function () {
      select();
      if (document.execCommand("copy")) { done(); } else { said.textContent = "Copy the marked line."; }
    };
    if (navigator.clipboard) { navigator.clipboard.writeText(line.textContent).then(done, by_hand); } else { by_hand(); }
  });
  block.addEventListener("change", show);
  // The key of an answer chooses it wherever the focus is within the question.
  block.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.key.length !== 1) { return; }
    var part = event.target.closest("fieldset");
    if (!part) { return; }
    var key = event.key.toLowerCase();
    part.querySelectorAll("input").forEach(function (choice) {
      if (choice.value === key) { choice.checked = true; choice.focus(); show(); event.preventDefault(); }
    });
  });
  show();
})();
