"use strict";
// The moving picture of the page on which somebody is introduced; the words are fetched by htmx.
(() => {
  const view = document.getElementById("view");
  const picture = new Image();
  picture.className = "picture";
  picture.alt = "Live picture of the door";
  picture.addEventListener("load", () => {
    if (picture.naturalWidth) view.style.aspectRatio = `${picture.naturalWidth} / ${picture.naturalHeight}`;
  });
  const show = () => { picture.src = `${view.dataset.live}&t=${Date.now()}`; };
  const hide = () => { picture.removeAttribute("src"); };
  view.prepend(picture);
  document.addEventListener("visibilitychange", () => (document.hidden ? hide() : show()));
  window.addEventListener("pagehide", hide);
  // Once it is saved or cancelled the answer leads on, and not the word that the introduction is over.
  let leaving = false;
  document.addEventListener("submit", (event) => { if (!event.target.hasAttribute("hx-post")) leaving = true; });
  for (const name of ["htmx:beforeRequest", "htmx:beforeOnLoad"]) {
    document.addEventListener(name, (event) => { if (leaving) event.preventDefault(); });
  }
  window.addEventListener("pageshow", () => { leaving = false; });
  show();
})();
