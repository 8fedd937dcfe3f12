// The panel that waits for a device. What comes from devices is shown as text, never as markup.
(function () {
  "use strict";
  var panel = document.getElementById("watch");
  if (!panel) { return; }
  function part(name) { return panel.querySelector("[data-part='" + name + "']"); }
  function say(state, title, text) {
    panel.dataset.state = state;
    part("title").textContent = title;
    part("text").textContent = text;
  }
  document.body.addEventListener("dunlin:watch-connected", function (event) {
    part("problem").hidden = true;
    say("connected", panel.dataset.connected, event.detail.text);
  });
  document.body.addEventListener("dunlin:watch-disconnected", function (event) {
    if (panel.dataset.state === "connected") { part("text").textContent = event.detail.text; }
  });
  document.body.addEventListener("dunlin:watch-message", function (event) {
    part("message").hidden = false;
    part("topic").textContent = event.detail.topic;
    part("payload").textContent = event.detail.payload;
    part("live").hidden = false;
  });
  document.body.addEventListener("dunlin:watch-problem", function (event) {
    if (panel.dataset.state !== "connected") { say("refused", event.detail.what, ""); }
    part("problem").hidden = false;
    part("what").textContent = event.detail.what;
    part("what").hidden = panel.dataset.state === "refused"; // it is the title then
    part("why").textContent = event.detail.why;
    part("todo").textContent = event.detail.todo;
  });
})();
