"use strict";
// The line that says what was done, or why not. It goes by itself; later where it can be undone, or was refused.
const say = (() => {
  const notice = document.getElementById("notice");
  let timer = 0;
  const goLater = (milliseconds) => {
    notice.style.animation = "none";  // that of a page without scripts
    clearTimeout(timer);
    timer = setTimeout(() => { notice.hidden = true; }, milliseconds);
  };
  if (notice && !notice.hidden) goLater(notice.querySelector("button") ? 10000 : 5000);
  const address = new URL(location.href);
  if (address.searchParams.has("done")) {  // said once: neither a reload nor the way back to here says it again
    address.searchParams.delete("done");
    history.replaceState(history.state, "", address);
  }
  const ask = document.getElementById("ask");  // where the password is asked for, before something is done after all
  if (ask) ask.addEventListener("click", (event) => { if (event.target.hasAttribute("data-close")) ask.replaceChildren(); });
  const show = (text, good, undo) => {
    if (good && ask) ask.replaceChildren();
    notice.textContent = text;
    notice.classList.toggle("bad", !good);
    notice.hidden = false;
    goLater(good && !undo ? 5000 : 10000);
  };
  // htmx hands what an answer tells to the element that asked, which may be gone by then: the answer is read here.
  document.addEventListener("htmx:beforeSend", (event) => {
    const asked = event.detail.xhr;
    asked.addEventListener("load", () => {
      const told = JSON.parse(asked.getResponseHeader("HX-Trigger") || "{}").notice;
      if (!told) return;
      show(told.text, told.good, told.undo);
      document.dispatchEvent(new CustomEvent("told", { detail: told }));
    });
    if (event.detail.requestConfig.verb === "get") return;  // a list, which is asked for again
    asked.addEventListener("loadend", () => {
      if (asked.getResponseHeader("HX-Trigger") || (asked.status >= 200 && asked.status < 400)) return;
      show("The doorbell did not answer. Is it still running?", false);
    });
  });
  return show;
})();
