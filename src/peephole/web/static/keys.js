"use strict";
// The keyboard: rows are walked through and decided about. Everything it does is a button on the page, too.
(() => {
  const KEYS = [
    ["j / k", "next row / row before"],
    ["Enter", "open the row"],
    ["1 to 9", "name the stranger of this row: the person of that number"],
    ["i", "ignore the stranger"],
    ["d", "discard the stranger"],
    ["x", "choose the row, to do the same with several"],
    ["u", "undo what was done last"],
    ["?", "show these keys"],
  ];
  let last = null;  // the row that had the focus: its list, its place in that, its id

  const rows = () => [...document.querySelectorAll(".rows > li")].filter((row) => row.offsetParent !== null);
  const matesIn = (list) => rows().filter((row) => listOf(row) === list);
  const here = () => document.activeElement && document.activeElement.closest(".rows > li");
  const listOf = (row) => { const list = row.closest("[id]:not(li)"); return list ? list.id : ""; };
  const people = () => [...document.querySelectorAll("#known-names option")].slice(0, 9).map((option) => option.value);
  const form = (row, verb) => row.querySelector(`form[action$="/${verb}"]`);
  const field = (row) => row.querySelector('form[action$="/assign"] input[type="text"]');

  function select(row) {
    if (!row) return;
    row.tabIndex = -1;
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  }

  function walk(step) {
    const all = rows();
    const at = all.indexOf(here());
    select(at < 0 ? all[step > 0 ? 0 : all.length - 1] : all[Math.min(Math.max(at + step, 0), all.length - 1)]);
  }

  function open(row) {
    const link = row.querySelector("a.link, strong a, a[href]");
    const fold = row.querySelector("summary");
    if (fold) fold.click();
    else if (link) link.click();
  }

  function assign(row, number) {
    const name = people()[number - 1];
    if (!name || !field(row)) return;
    field(row).value = name;
    field(row).form.requestSubmit();
  }

  function undo() {
    const button = document.querySelector('button[form="undo"]');
    const whole = document.getElementById("undo");
    if (button) button.click();
    else if (whole) whole.requestSubmit();
  }

  // Which number is whom is shown in the row that has the focus.
  function hint(row) {
    for (const old of document.querySelectorAll(".keys-hint")) old.remove();
    if (!row || !field(row) || !people().length) return;
    const line = document.createElement("p");
    line.className = "keys-hint quiet";
    people().forEach((name, at) => {
      const key = document.createElement("kbd");
      key.textContent = at + 1;
      line.append(key, ` ${name} `);
    });
    row.append(line);
  }

  function help() {
    const dialog = document.createElement("dialog");
    dialog.className = "keys card";
    dialog.setAttribute("aria-label", "Keys");
    const list = document.createElement("dl");
    for (const [key, words] of KEYS) {
      const term = document.createElement("dt");
      const said = document.createElement("dd");
      term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
      said.textContent = words;
      list.append(term, said);
    }
    const close = Object.assign(document.createElement("button"), { textContent: "Close", autofocus: true });
    close.addEventListener("click", () => dialog.close());
    dialog.append(Object.assign(document.createElement("h2"), { textContent: "Keys" }), list, close);
    dialog.addEventListener("close", () => { dialog.remove(); if (last) restore(); });
    document.body.append(dialog);
    dialog.showModal();
  }

  // While a button is held down nothing may move, or it is another one by the time that it is let go.
  const rehint = () => { if (!held.anything()) hint(here() === document.activeElement ? here() : null); };
  document.addEventListener("letgo", rehint);

  document.addEventListener("focusin", () => {
    const row = here();
    rehint();
    last = row ? { list: listOf(row), place: matesIn(listOf(row)).indexOf(row), id: row.id } : null;
  });

  // A list that was fetched anew takes the focus along: back to the same row, or to the one in its place. A row that
  // went to another list, as one who is ignored does, is not followed.
  function restore() {
    if (!last || document.activeElement !== document.body) return;
    const mates = matesIn(last.list);
    select(mates.find((row) => row.id && row.id === last.id) || mates[Math.min(last.place, mates.length - 1)]);
  }
  document.addEventListener("htmx:afterSwap", restore);
  // Who clicks beside the rows has left them, and is not taken back when their list comes.
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest(".rows > li, dialog")) last = null; });

  const typing = (target) =>
    target.isContentEditable || target.closest("textarea, select, dialog") ||
    (target.tagName === "INPUT" && !["checkbox", "radio", "button", "submit"].includes(target.type));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    const row = here();
    const key = event.key;
    if (key === "j" || key === "k") walk(key === "j" ? 1 : -1);
    else if (key === "?") help();
    else if (key === "u") undo();
    else if (row && key === "Enter" && event.target === row) open(row);
    else if (row && /^[1-9]$/.test(key)) assign(row, Number(key));
    else if (row && key === "i" && form(row, "ignore")) form(row, "ignore").requestSubmit();
    else if (row && key === "d" && form(row, "discard")) form(row, "discard").requestSubmit();
    else if (row && key === "x" && row.querySelector(".choose")) row.querySelector(".choose").click();
    else return;
    event.preventDefault();
  });
})();
