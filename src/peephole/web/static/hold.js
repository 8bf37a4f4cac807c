"use strict";
// Holding a button for a second opens the door; a short press only says so. Without this file a second page asks.
(() => {
  const HOLD = 1000;
  // The parts of the page that tell of it; the rest stays, with whatever is being filled in.
  async function renew(parts) {
    const text = await (await fetch(location.href)).text();
    const now = new DOMParser().parseFromString(text, "text/html");
    for (const part of parts.split(" ")) {
      if (now.getElementById(part)) document.getElementById(part).replaceWith(now.getElementById(part));
    }
  }
  for (const button of document.querySelectorAll("[data-hold]")) {
    let timer = null;
    const release = () => {
      if (timer === null) return;
      clearTimeout(timer);
      timer = null;
      button.classList.remove("held");
      say("Hold it for a second.", false);
    };
    const open = async () => {
      timer = null;
      button.classList.remove("held");
      button.classList.add("busy");
      try {
        const answer = await fetch(button.dataset.hold, { method: "POST", headers: { accept: "application/json" } });
        const told = await answer.json();
        say(told.text || told.error, answer.ok);
        if (answer.ok && button.dataset.renew) renew(button.dataset.renew);
      } catch {
        say("No connection to the doorbell.", false);
      }
      button.classList.remove("busy");
    };
    const press = () => {
      if (timer !== null || button.classList.contains("busy")) return;
      button.classList.add("held");
      timer = setTimeout(open, HOLD);
    };
    button.addEventListener("pointerdown", (event) => { if (event.button === 0) press(); });
    for (const end of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(end, release);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      if (!event.repeat) press();
    });
    button.addEventListener("keyup", release);
    button.addEventListener("click", (event) => event.preventDefault());
    button.addEventListener("contextmenu", (event) => event.preventDefault());
  }
})();
