"use strict";
// What is held down stays where it is until it is let go: over another one in its place it would never be clicked.
const held = (() => {
  let one = null, later = 0;
  const hold = (event) => { clearTimeout(later); one = event.target; };
  const letGo = () => {
    clearTimeout(later);
    later = setTimeout(() => { one = null; document.dispatchEvent(new CustomEvent("letgo")); }, 50);  // a touch clicks a moment later
  };
  document.addEventListener("pointerdown", hold, true);
  document.addEventListener("keydown", (event) => { if (event.key === " ") hold(event); }, true);
  for (const end of ["pointerup", "pointercancel", "keyup"]) document.addEventListener(end, letGo, true);
  window.addEventListener("blur", letGo);
  const within = (part) => one !== null && part.contains(one);
  document.addEventListener("htmx:beforeSwap", (event) => { if (within(event.detail.target)) event.detail.shouldSwap = false; });
  return { anything: () => one !== null, within };
})();
