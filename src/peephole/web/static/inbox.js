"use strict";
// The inbox: it is fetched anew when somebody came or was dealt with, and all rows of a group are chosen at once.
// Without this file the page is as it was opened, and choosing all loads it anew.
(() => {
  let events = null;

  // A page that nobody looks at lets go of its stream: a browser has only six for all its pages.
  function connect() {
    if (events) events.close();
    events = new EventSource("/api/events");
    events.onopen = () => refresh(...LISTS);  // what was told before was missed, since the page was made, too
    hearLists(events);
  }

  document.addEventListener("click", (event) => {
    const all = event.target.closest("[data-all]");
    if (!all) return;
    event.preventDefault();
    const boxes = [...document.querySelectorAll(`#${all.dataset.all} .choose`)];
    const chosen = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = chosen;
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return events.close();
    connect();
    refresh(...LISTS);
  });
  window.addEventListener("pagehide", () => events.close());
  connect();
})();
