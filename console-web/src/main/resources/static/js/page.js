// What all pages share: navigation on a phone, tabs, copying, times, forms that ask first, and the event stream.
(function () {
  "use strict";

  // Navigation behind one button
  document.addEventListener("click", function (event) {
    var toggle = event.target.closest("[data-nav-toggle]");
    if (!toggle) { return; }
    var open = document.querySelector(".side").classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
  });

  // Tabs: arrow keys move, as the ARIA pattern has it
  document.querySelectorAll("[role=tablist]").forEach(function (list) {
    var tabs = Array.from(list.querySelectorAll("[role=tab]"));
    function select(tab, focus) {
      tabs.forEach(function (each) {
        var on = each === tab;
        each.setAttribute("aria-selected", String(on));
        each.tabIndex = on ? 0 : -1;
        document.getElementById(each.getAttribute("aria-controls")).hidden = !on;
      });
      if (focus) { tab.focus(); }
    }
    tabs.forEach(function (tab, index) {
      tab.addEventListener("click", function () { select(tab, false); });
      tab.addEventListener("keydown", function (event) {
        var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step) { select(tabs[(index + step + tabs.length) % tabs.length], true); event.preventDefault(); }
        if (event.key === "Home") { select(tabs[0], true); event.preventDefault(); }
        if (event.key === "End") { select(tabs[tabs.length - 1], true); event.preventDefault(); }
      });
    });
    if (tabs.length) { select(tabs[0], false); }
  });

  // Copying: navigator.clipboard needs a secure page, so there is the older way for plain http
  function copyText(text) {
    if (navigator.clipboard && window.isSecureContext) { return navigator.clipboard.writeText(text); }
    return new Promise(function (resolve, reject) {
      var area = document.createElement("textarea");
      area.value = text;
      area.className = "skip";
      document.body.appendChild(area);
      area.select();
      var done = document.execCommand("copy");
      area.remove();
      if (done) { resolve(); } else { reject(new Error("copying is not possible")); }
    });
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button) { return; }
    var source = document.getElementById(button.getAttribute("data-copy"));
    var label = button.textContent;
    copyText(source.textContent).then(
      function () { button.textContent = button.dataset.done; },
      function () { getSelection().selectAllChildren(source); button.textContent = button.dataset.failed; }
    ).finally(function () {
      button.focus();
      setTimeout(function () { button.textContent = label; }, 2000);
    });
  });

  // Times in the viewer's zone, relative when recent
  var relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  var absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  var exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
  function inWords(date) {
    var seconds = Math.round((date.getTime() - Date.now()) / 1000);
    var size = Math.abs(seconds);
    if (size < 5) { return "now"; }
    if (size < 60) { return relative.format(seconds, "second"); }
    if (size < 3600) { return relative.format(Math.trunc(seconds / 60), "minute"); }
    if (size < 86400) { return relative.format(Math.trunc(seconds / 3600), "hour"); }
    return absolute.format(date);
  }
  function showTimes(root) {
    root.querySelectorAll("time[datetime]").forEach(function (time) {
      var date = new Date(time.getAttribute("datetime"));
      if (isNaN(date)) { return; }
      var words = inWords(date);
      if (time.textContent !== words) { time.textContent = words; time.title = exact.format(date); }
    });
  }
  showTimes(document);
  setInterval(function () { showTimes(document); }, 5000);
  document.addEventListener("htmx:afterSwap", function () { showTimes(document); });

  // htmx: our CSRF token, and a log-in that ran out leads to the log-in page (the server says so by header)
  function meta(name) {
    var found = document.querySelector("meta[name='" + name + "']");
    return found ? found.content : "";
  }
  document.addEventListener("htmx:configRequest", function (event) {
    if (meta("csrf-header")) { event.detail.headers[meta("csrf-header")] = meta("csrf-token"); }
  });

  // A page that could not be made looks again by itself
  var again = document.body.getAttribute("data-look-again-seconds");
  if (again) { setTimeout(function () { location.reload(); }, 1000 * Number(again)); }

  // One event stream for the page. A hidden page lets go of it (browsers allow six to a host) and asks anew when shown.
  var feedUrl = document.body.getAttribute("data-feed");
  var source = null;
  function tell(name, detail) {
    document.body.dispatchEvent(new CustomEvent("dunlin:" + name, { detail: detail, bubbles: true }));
  }
  // A list is read anew at once, then at most so often, and always once more after the last hint.
  var HINT_MILLIS = 700;
  var resting = {};
  function hint(name) {
    if (resting[name]) { resting[name].again = true; return; }
    tell(name);
    var rest = resting[name] = { again: false };
    setTimeout(function () {
      delete resting[name];
      if (rest.again) { hint(name); }
    }, HINT_MILLIS);
  }
  function showDatabaseAway(isAway) {
    var note = document.getElementById("database-away");
    if (note) { note.hidden = !isAway; }
  }
  function open() {
    if (source) { return; }
    source = new EventSource(feedUrl);
    ["devices", "problems"].forEach(function (name) {
      source.addEventListener(name, function () { hint(name); });
    });
    ["watch-connected", "watch-disconnected", "watch-message", "watch-problem"].forEach(function (name) {
      source.addEventListener(name, function (event) { tell(name, JSON.parse(event.data)); });
    });
    source.addEventListener("database-away", function () { showDatabaseAway(true); });
    source.addEventListener("database-back", function () {
      showDatabaseAway(false);
      hint("devices");
      hint("problems");
    });
    source.onopen = function () {
      document.body.dataset.feedState = "open";
      showDatabaseAway(false); // the stream says so anew if it still is
    };
    source.onerror = function () {
      document.body.dataset.feedState = "waiting";
      if (source && source.readyState === EventSource.CLOSED) { source = null; setTimeout(open, 5000); }
    };
  }
  if (feedUrl) {
    open();
    document.addEventListener("visibilitychange", function () {
      if (document.hidden) {
        if (source) { source.close(); source = null; }
      } else {
        open();
        hint("devices");
        hint("problems");
      }
    });
    window.addEventListener("pagehide", function () { if (source) { source.close(); source = null; } });
    window.addEventListener("pageshow", function (event) { if (event.persisted) { open(); } });
  }

  window.dunlin = { copyText: copyText, showTimes: showTimes, meta: meta };
})();
