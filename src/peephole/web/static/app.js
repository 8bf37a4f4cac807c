"use strict";
// Keeps the page current. Without this file the page still shows everything and its forms still work.
(() => {
  const LISTS = ["strangers", "people", "visits"];
  // All other words come from the doorbell.
  const byId = (id) => document.getElementById(id);
  const UNREACHABLE = {
    state: "lost", word: "Lost", text: "No connection to the doorbell; trying again", line: byId("view").dataset.lost,
  };
  const stale = new Set();
  const timers = {};
  let events = null;

  // Lists. A list in which something is being typed is left alone until that is done.
  const inUse = (list) => [...list.querySelectorAll("input")].some((input) =>
    input.type !== "hidden" && (input === document.activeElement || input.value !== input.defaultValue));

  function refresh(...names) {
    for (const name of names) {
      clearTimeout(timers[name]);
      timers[name] = setTimeout(() => {
        const list = byId(name);
        if (inUse(list)) stale.add(name);
        else { stale.delete(name); window.htmx.trigger(list, "refresh"); }
      }, 120);
    }
  }

  document.addEventListener("focusout", () => { if (stale.size) refresh(...stale); });

  // What is folded open stays open when its list is fetched anew.
  const open = new Set();
  document.addEventListener("toggle", (event) => {
    const id = event.target.id;
    if (id) event.target.open ? open.add(id) : open.delete(id);
  }, true);
  document.addEventListener("htmx:beforeSwap", (event) => {
    const list = event.detail.target;
    if (!LISTS.includes(list.id)) return;
    if (inUse(list)) {  // it was asked for before somebody began to type
      event.detail.shouldSwap = false;
      stale.add(list.id);
    }
    // A toggle is told late: what is folded open is read here, too.
    for (const fold of list.querySelectorAll("details[id]")) fold.open ? open.add(fold.id) : open.delete(fold.id);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const id of open) if (byId(id)) byId(id).open = true;
    title();
  });

  function title() {
    const count = document.querySelector("[data-count]");
    document.title = count ? `(${count.dataset.count}) peephole` : "peephole";
  }

  // Forms.
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target;
    if (form.tagName !== "FORM") return;
    if (event.detail.successful) {
      form.reset();
      if (form.contains(document.activeElement)) document.activeElement.blur();
      if (form.closest(".add")) form.closest(".add").open = false;
      refresh(...LISTS);
    } else if (!event.detail.xhr || !event.detail.xhr.getResponseHeader("HX-Trigger")) {
      say("The doorbell did not answer. Is it still running?", false);
    }
  });
  document.addEventListener("notice", (event) => say(event.detail.text, event.detail.good));

  let noticeTimer = 0;
  function say(text, good) {
    const notice = byId("notice");
    notice.textContent = text;
    notice.classList.toggle("bad", !good);
    notice.hidden = false;
    clearTimeout(noticeTimer);
    noticeTimer = setTimeout(() => { notice.hidden = true; }, good ? 5000 : 10000);
  }

  // Live picture, of a door that sends one, and what is in it.
  const pictures = !byId("view").classList.contains("pictureless");
  const picture = new Image(768, 432);
  picture.className = "picture";
  picture.alt = "Live picture of the door";
  picture.addEventListener("load", () => {
    if (picture.naturalWidth) byId("view").style.aspectRatio = `${picture.naturalWidth} / ${picture.naturalHeight}`;
  });

  function showFaces(faces, line) {
    const tags = faces.map((face) => {
      const tag = document.createElement("span");
      tag.className = `tag ${face.kind}`;
      tag.textContent = face.kind === "unsure" ? "looking" : face.label;
      tag.style.left = `${100 * Math.max(0, face.left)}%`;
      tag.style.top = `${100 * Math.max(0.07, face.top)}%`;
      return tag;
    });
    byId("faces").replaceChildren(...tags);
    if (byId("now").textContent !== line) byId("now").textContent = line;
  }

  function showState({ state, word, text, line }) {
    byId("state").dataset.state = state;
    byId("state-word").textContent = word;
    byId("status").textContent = text;
    if (state !== "watching") showFaces([], line);
  }

  // Events. A page that nobody looks at lets go of its streams: a browser has only six for all its pages.
  function connect() {
    if (events) events.close();  // a page that was opened in the background is shown without having been hidden
    events = new EventSource("/api/events?faces=1");
    events.onopen = () => {
      if (pictures) picture.src = `/live.mjpeg?t=${Date.now()}`;
      refresh(...LISTS);
    };
    events.onerror = () => showState(UNREACHABLE);
    const on = (name, act) => events.addEventListener(name, (event) => act(JSON.parse(event.data)));
    on("faces", (data) => showFaces(data.faces, data.line));
    on("status", showState);
    on("visit_started", () => refresh("visits"));
    on("decision", () => refresh("visits"));
    on("visit", () => refresh(...LISTS));
    on("changed", (data) => refresh(data.what));
    on("problem", (data) => say(data.text, false));
  }

  function disconnect() {
    events.close();
    if (pictures) picture.src = "/live.jpg?names=0";
  }

  if (pictures) byId("view").prepend(picture);
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  window.addEventListener("pagehide", disconnect);
  title();
  if (!byId("notice").hidden) setTimeout(() => { byId("notice").hidden = true; }, 5000);
  connect();
})();
