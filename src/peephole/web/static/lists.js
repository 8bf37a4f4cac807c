"use strict";
// Keeps the lists of a page current: each is a part with an id that htmx fetches anew when it is told to `refresh`.
// Without this file the page still shows everything and its forms still work.
const LISTS = [...document.querySelectorAll('[id][hx-trigger="refresh"]')].map((list) => list.id);

const { refresh, hearLists } = (() => {
  const byId = (id) => document.getElementById(id);
  const name = document.title;
  const stale = new Set();
  const timers = {};

  // A list in which something is being typed or chosen is left alone until that is done.
  const inUse = (list) => [...list.querySelectorAll("input")].some((input) =>
    input.type !== "hidden" && (input === document.activeElement || input.value !== input.defaultValue || input.checked !== input.defaultChecked));

  function refresh(...names) {
    for (const name of names.filter((one) => LISTS.includes(one))) {
      clearTimeout(timers[name]);
      timers[name] = setTimeout(() => {
        const list = byId(name);
        if (inUse(list)) stale.add(name);
        else { stale.delete(name); window.htmx.trigger(list, "refresh"); }
      }, 120);
    }
  }

  for (const end of ["focusout", "letgo"]) document.addEventListener(end, () => { if (stale.size) refresh(...stale); });

  // The control that had the focus has it again when its list was fetched anew: the one of the same words in the same
  // row, and never another one.
  const words = (one) => one.tagName + (one.tagName === "SUMMARY" ? "" : one.getAttribute("aria-label") || one.textContent);
  let focused = null;
  function keepFocus(list) {
    const one = document.activeElement;
    focused = list.contains(one) && one.matches("a, button, summary") ? { around: one.closest("[id]").id, words: words(one) } : null;
  }
  function giveFocus() {
    const around = focused && byId(focused.around);
    const one = around && [...around.querySelectorAll("a, button, summary")].find((other) => words(other) === focused.words);
    if (one) one.focus({ preventScroll: true });
    focused = null;
  }

  // What is folded open stays open when its list is fetched anew.
  const open = new Set();
  document.addEventListener("toggle", (event) => {
    const id = event.target.id;
    if (id) event.target.open ? open.add(id) : open.delete(id);
  }, true);
  document.addEventListener("htmx:beforeSwap", (event) => {
    const list = event.detail.target;
    if (!LISTS.includes(list.id)) return;
    if (inUse(list) || held.within(list)) {  // it was asked for before somebody began to type
      event.detail.shouldSwap = false;
      stale.add(list.id);
    }
    keepFocus(list);
    // A toggle is told late: what is folded open is read here, too.
    for (const fold of list.querySelectorAll("details[id]")) fold.open ? open.add(fold.id) : open.delete(fold.id);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const id of open) if (byId(id)) byId(id).open = true;
    giveFocus();
    count();
  });

  // How many strangers wait: in the title, and beside the inbox.
  function count() {
    const list = document.querySelector("[data-count]");
    if (!list) return;
    const waiting = Number(list.dataset.count), badge = byId("waiting");
    document.title = waiting ? `(${waiting}) ${name}` : name;
    if (badge) Object.assign(badge, { textContent: waiting, hidden: !waiting });
  }

  // Forms.
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target;
    if (form.tagName !== "FORM") return;
    if (!event.detail.successful) return;
    form.reset();
    if (form.contains(document.activeElement)) document.activeElement.blur();
    if (form.closest(".add")) form.closest(".add").open = false;
    refresh(...LISTS);
  });

  // What the doorbell tells of; the inbox holds whatever is told of strangers.
  function hearLists(events) {
    const on = (name, act) => events.addEventListener(name, (event) => act(JSON.parse(event.data)));
    on("visit_started", () => refresh("visits"));
    on("decision", () => refresh("visits"));
    on("visit", () => refresh(...LISTS));
    on("changed", (data) => refresh(data.what, "deed", "inbox"));
    on("problem", (data) => say(data.text, false));
    on("refused", (data) => say(`The door stays shut${data.person ? ` for ${data.person}` : ""}: ${data.text}`, false));
    on("locked_out", (data) => say(data.text[0].toUpperCase() + data.text.slice(1), false));
  }

  count();
  return { refresh, hearLists };
})();
