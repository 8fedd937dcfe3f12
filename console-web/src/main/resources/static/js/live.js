// Live: a real MQTT 5 client in the page. Everything that devices send is shown through textContent, never as markup.
// Messages are taken in as they come and drawn once per animation frame, with everything bounded in number, so that a
// flood costs memory and time that are known beforehand.
(function () {
  "use strict";
  var root = document.getElementById("live");
  if (!root) { return; }
  var texts = root.dataset;

  var MAX_ROWS = 300; // messages kept on the page
  var MAX_WAITING = 300; // messages kept between two frames, or while paused
  var MAX_TOPICS = 3000; // nodes of the tree
  var MAX_LEVELS = 64; // deeper levels are shown joined, as one
  var MAX_SHOWN_BYTES = 4096; // of one payload

  var el = {};
  ["state", "filter", "pause", "clear", "tree", "tree-empty", "tree-more", "stream", "stream-empty", "count", "publish",
    "answer"].forEach(function (id) { el[id] = document.getElementById("live-" + id); });

  // ---- connection ----------------------------------------------------------------------------------------------
  var client = null;
  var attempt = 0;

  function state(kind, text) {
    el.state.className = "state " + kind;
    el.state.textContent = text;
  }

  function url() {
    var secure = location.protocol === "https:";
    var port = Number(secure ? texts.wssPort : texts.wsPort);
    return port > 0 ? (secure ? "wss://" : "ws://") + location.hostname + ":" + port + "/mqtt" : null;
  }

  function again() {
    var wait = Math.min(15000, 500 * Math.pow(2, attempt++)) * (0.75 + Math.random() / 2);
    setTimeout(connect, wait);
  }

  function connect() {
    if (!url()) { state("bad", texts.off); return; }
    state("warn", texts.connecting);
    var headers = {};
    headers[dunlin.meta("csrf-header")] = dunlin.meta("csrf-token");
    fetch(texts.tokenUrl, { method: "POST", headers: headers, credentials: "same-origin" })
      .then(function (response) {
        if (response.status === 401 || response.status === 403) { state("bad", texts.loggedOut); return null; }
        if (!response.ok) { throw new Error("token: " + response.status); }
        return response.json();
      })
      .then(function (token) { if (token) { open(token); } })
      .catch(function () { state("warn", texts.waiting); again(); });
  }

  function open(token) {
    // MQTT.js's own reconnecting would come back with a token that is spent, so each attempt fetches its own.
    var mine = mqtt.connect(url(), {
      protocolVersion: 5, clean: true, clientId: "live-" + Math.random().toString(36).slice(2, 12), keepalive: 30,
      username: token.userName, password: token.password, reconnectPeriod: 0, connectTimeout: 10000,
      timerVariant: "native", queueQoSZero: false
    });
    client = mine;
    mine.on("connect", function () {
      attempt = 0;
      // QoS 2, so that each message is shown with the QoS it was published with
      mine.subscribe("#", { qos: 2, rap: true }, function (error) {
        if (error) { state("bad", texts.refused + " " + error.message); } else { state("ok", texts.connected); }
      });
    });
    mine.on("message", received);
    mine.on("error", function () { mine.end(true); });
    mine.on("close", function () {
      if (client !== mine) { return; }
      client = null;
      mine.end(true);
      state("warn", texts.waiting);
      again();
    });
  }

  // ---- what came in --------------------------------------------------------------------------------------------
  var waiting = []; // newest last
  var total = 0;
  var skipped = 0;
  var paused = false;
  var frameAsked = false;
  var treeRoot = { children: new Map(), count: 0 };
  var topicCount = 0;
  var topicsLeftOut = false;
  var dirty = new Set();

  function received(topic, payload, packet) {
    total++;
    var message = { topic: topic, payload: payload, qos: packet.qos, retain: packet.retain, at: new Date() };
    countInTree(message);
    if (matches(message)) {
      waiting.push(message);
      if (waiting.length > 2 * MAX_WAITING) {
        skipped += waiting.length - MAX_WAITING;
        waiting = waiting.slice(-MAX_WAITING);
      }
    }
    askFrame();
  }

  function askFrame() {
    if (!frameAsked) { frameAsked = true; requestAnimationFrame(draw); }
  }

  function countInTree(message) {
    var levels = message.topic.split("/");
    if (levels.length > MAX_LEVELS) {
      levels = levels.slice(0, MAX_LEVELS - 1).concat(levels.slice(MAX_LEVELS - 1).join("/"));
    }
    var node = treeRoot;
    for (var i = 0; i < levels.length; i++) {
      var next = node.children.get(levels[i]);
      if (!next) {
        if (topicCount >= MAX_TOPICS) { topicsLeftOut = true; return; }
        topicCount++;
        next = { name: levels[i], parent: node, children: new Map(), count: 0, last: null, open: i < 2, topic: levels.slice(0, i + 1).join("/") };
        node.children.set(levels[i], next);
      }
      next.count++;
      dirty.add(next);
      node = next;
    }
    node.last = message.payload;
  }

  // ---- filter: an MQTT filter where it has + or #, otherwise any part of topic or payload -------------------------
  function topicMatches(filter, topic) {
    var f = filter.split("/");
    var t = topic.split("/");
    for (var i = 0; i < f.length; i++) {
      if (f[i] === "#") { return true; }
      if (i >= t.length || (f[i] !== "+" && f[i] !== t[i])) { return false; }
    }
    return f.length === t.length;
  }
  function matches(message) {
    var filter = el.filter.value.trim();
    if (!filter) { return true; }
    if (/(^|\/)(\+|#)(\/|$)/.test(filter)) { return topicMatches(filter, message.topic); }
    return message.topic.indexOf(filter) >= 0 || textOf(message.payload).text.indexOf(filter) >= 0;
  }

  // ---- payloads: text where it is UTF-8, laid out where it is JSON, else hex -----------------------------------
  var utf8 = new TextDecoder("utf-8", { fatal: true });
  function textOf(payload) {
    if (payload.length === 0) { return { kind: "empty", text: texts.empty }; }
    var bytes = payload.length > MAX_SHOWN_BYTES ? payload.subarray(0, MAX_SHOWN_BYTES) : payload;
    var cut = payload.length > MAX_SHOWN_BYTES;
    try {
      var text = (cut ? new TextDecoder("utf-8") : utf8).decode(bytes);
      if (/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text)) { throw new Error("binary"); }
      return { kind: "text", text: text + (cut ? "\n… " + texts.more.replace("{0}", payload.length) : "") };
    } catch (e) {
      var part = bytes.subarray(0, 256);
      var hex = Array.from(part, function (b) { return b.toString(16).padStart(2, "0"); }).join(" ");
      return { kind: "binary", text: hex + (payload.length > 256 ? " … " + texts.more.replace("{0}", payload.length) : "") };
    }
  }
  function pretty(payload) {
    var shown = textOf(payload);
    var first = shown.text.charAt(0);
    if (shown.kind === "text" && (first === "{" || first === "[")) {
      try { return { kind: "json", text: JSON.stringify(JSON.parse(shown.text), null, 2) }; } catch (e) { /* not JSON */ }
    }
    return shown;
  }

  // ---- drawing -------------------------------------------------------------------------------------------------
  function add(parent, tag, className, text) {
    var child = document.createElement(tag);
    if (className) { child.className = className; }
    if (text !== undefined) { child.textContent = text; }
    parent.appendChild(child);
    return child;
  }
  var clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });

  function row(message) {
    var item = document.createElement("li");
    var meta = add(item, "div", "meta");
    add(meta, "span", "topic", message.topic);
    if (message.retain) { add(meta, "span", "tag", texts.retained); }
    var shown = pretty(message.payload);
    if (shown.kind === "binary") { add(meta, "span", "tag", texts.binary); }
    add(meta, "span", "right", "QoS " + message.qos + " · " + clock.format(message.at));
    add(item, "pre", "mono", shown.text);
    return item;
  }

  function node(of) {
    var item = document.createElement("li");
    var line = add(item, "div", "node");
    var twist = add(line, "button", "twist", "");
    twist.type = "button";
    twist.addEventListener("click", function () { of.open = !of.open; dirty.add(of); askFrame(); });
    var name = add(line, "button", "name", of.name === "" ? texts.emptyLevel : of.name);
    name.type = "button";
    name.addEventListener("click", function () {
      el.filter.value = of.children.size ? of.topic + "/#" : of.topic;
      refilter();
    });
    var count = add(line, "span", "count", "");
    var last = add(line, "span", "last", "");
    var list = add(item, "ul");
    of.view = { item: item, twist: twist, count: count, last: last, list: list };
    (of.parent === treeRoot ? el.tree : of.parent.view.list).appendChild(item);
  }

  function drawTree() {
    // A parent is dirty before its children, and a Set keeps that order.
    var drawn = 0;
    for (var each of dirty) {
      if (drawn++ > 400) { break; }
      dirty.delete(each);
      if (each.parent !== treeRoot && !each.parent.view) { node(each.parent); }
      if (!each.view) { node(each); }
      var view = each.view;
      view.twist.disabled = each.children.size === 0;
      view.twist.textContent = each.open ? "▾" : "▸";
      view.twist.setAttribute("aria-expanded", String(each.open));
      view.twist.setAttribute("aria-label", (each.open ? texts.close : texts.open) + " " + each.topic);
      view.list.hidden = !each.open;
      view.count.textContent = String(each.count);
      view.last.textContent = each.last ? textOf(each.last.subarray(0, 64)).text.slice(0, 64) : "";
    }
    if (topicCount) { el["tree-empty"].hidden = true; }
    el["tree-more"].hidden = !topicsLeftOut;
    if (dirty.size) { askFrame(); }
  }

  var lastTreeAt = 0;
  function draw(now) {
    frameAsked = false;
    if (now - lastTreeAt > 200) { lastTreeAt = now; drawTree(); } else if (dirty.size) { askFrame(); }
    if (!paused && waiting.length) {
      var fresh = waiting;
      waiting = [];
      if (fresh.length > MAX_ROWS) { skipped += fresh.length - MAX_ROWS; fresh = fresh.slice(-MAX_ROWS); }
      // At a flood only so many rows a frame: nobody reads faster, and the page stays quick.
      if (fresh.length > 40) { skipped += fresh.length - 40; fresh = fresh.slice(-40); }
      var rows = document.createDocumentFragment();
      for (var i = fresh.length - 1; i >= 0; i--) { rows.appendChild(row(fresh[i])); }
      var held = el.stream.scrollTop > 8;
      var before = el.stream.scrollHeight;
      el.stream.firstElementChild.prepend(rows);
      while (el.stream.firstElementChild.childElementCount > MAX_ROWS) { el.stream.firstElementChild.lastElementChild.remove(); }
      if (held) { el.stream.scrollTop += el.stream.scrollHeight - before; } // who reads further down is not pushed away
      el["stream-empty"].hidden = true;
    }
    el.count.textContent = (total === 1 ? texts.countOne : texts.count.replace("{0}", total.toLocaleString()))
      + (paused && waiting.length ? " · " + texts.held.replace("{0}", Math.min(waiting.length, MAX_WAITING)) : "")
      + (skipped ? " · " + texts.skipped.replace("{0}", skipped.toLocaleString()) : "");
  }

  // ---- controls ------------------------------------------------------------------------------------------------
  function refilter() {
    waiting = waiting.filter(matches);
    for (var item of Array.from(el.stream.firstElementChild.children)) {
      var message = { topic: item.querySelector(".topic").textContent, payload: new TextEncoder().encode(item.querySelector("pre").textContent) };
      item.hidden = !matches(message);
    }
  }
  el.filter.addEventListener("input", refilter);
  el.pause.addEventListener("click", function () {
    paused = !paused;
    el.pause.setAttribute("aria-pressed", String(paused));
    el.pause.textContent = paused ? texts.resume : texts.pause;
    askFrame();
  });
  el.clear.addEventListener("click", function () {
    waiting = []; total = 0; skipped = 0; topicCount = 0; topicsLeftOut = false;
    treeRoot.children.clear(); dirty.clear();
    el.tree.replaceChildren();
    el.stream.firstElementChild.replaceChildren();
    el["stream-empty"].hidden = false;
    el["tree-empty"].hidden = false;
    askFrame();
  });

  function answer(kind, text) {
    el.answer.className = "answer " + kind;
    el.answer.textContent = text;
  }
  if (el.publish) {
    el.publish.addEventListener("submit", function (event) {
      event.preventDefault();
      var form = el.publish.elements;
      var topic = form.topic.value;
      var qos = Number(form.qos.value);
      if (!topic || /[+#\u0000]/.test(topic)) { answer("bad", texts.badTopic); form.topic.focus(); return; }
      if (!client || !client.connected) { answer("bad", texts.notConnected); return; }
      answer("", texts.sending);
      client.publish(topic, form.payload.value, { qos: qos, retain: form.retain.checked }, function (error, packet) {
        if (error) { answer("bad", texts.publishRefused + " " + reason(error)); return; }
        if (qos > 0 && packet && packet.reasonCode === 16) { answer("ok", texts.nobody); return; }
        answer("ok", qos === 0 ? texts.sent : texts.accepted);
      });
    });
  }
  function reason(error) {
    if (error.code === 135) { return texts.notAuthorized; }
    if (error.code === 151) { return texts.quota; }
    if (error.code === 144) { return texts.badTopic; }
    return error.message || String(error.code || "");
  }

  connect();
})();
