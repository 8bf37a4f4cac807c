"use strict";
// Puts a button to undo into the line that says what was done. Without this file the last deed on the page has one.
(() => {
  const notice = document.getElementById("notice");
  document.addEventListener("told", (event) => {
    if (!event.detail.undo || !document.getElementById("undo")) return;
    const button = document.createElement("button");
    button.textContent = "Undo";
    button.className = "undo";
    button.name = "deed";
    button.value = event.detail.undo;
    button.setAttribute("form", "undo");
    notice.append(button);
  });
})();
