// Runs before the first paint, so that a dark page never flashes white.
(function () {
  "use strict";
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function chosen() {
    try { return localStorage.getItem("dunlin-theme"); } catch (e) { return null; }
  }
  function apply() {
    var theme = chosen() || (dark.matches ? "dark" : "light");
    document.documentElement.setAttribute("data-bs-theme", theme);
    document.querySelectorAll("[data-theme-switch]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(theme === "dark"));
    });
  }
  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", function (event) {
    if (!(event.target instanceof Element) || !event.target.closest("[data-theme-switch]")) { return; }
    var next = document.documentElement.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    try { localStorage.setItem("dunlin-theme", next); } catch (e) { /* chosen for this page alone */ }
    document.documentElement.setAttribute("data-bs-theme", next);
    apply();
  });
})();
