"use strict";
// The pages of settings work without this file; with it bars can be pulled, and a refused form stays filled in.
(() => {
  // Bars: a slider beside each number, and lines that follow it. The doorbell's own answer is shown when it is asked.
  const bars = document.querySelector("form[data-points]");
  if (bars) {
    const figure = document.querySelector("svg.histogram");
    const points = bars.dataset.points.split(" ").map((one) => one.split(":").map(Number));
    const people = Math.max(1, Number(bars.dataset.people));
    const distance = (looks) => {
      const rate = 1 / looks / people;
      if (rate <= points[0][0]) return points[0][1];
      for (let at = 1; at < points.length; at++) {
        const [low, near] = points[at - 1];
        const [high, far] = points[at];
        if (rate <= high) return near + (far - near) * Math.log(rate / low) / Math.log(high / low);
      }
      return points[points.length - 1][1];
    };
    const place = (name, looks) => {
      if (!figure) return;
      const x = Math.min(1, distance(looks) / Number(bars.dataset.most)) * Number(bars.dataset.width);
      const line = figure.querySelector(`line.${name}`);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      figure.querySelector(`text.${name}`).setAttribute("x", name === "known" ? x - 5 : x + 5);
    };
    for (const number of bars.querySelectorAll("input[type=number]")) {
      const slider = document.createElement("input");
      const least = Number(number.min);  // of the bar for known: the floor
      const to = (looks) => 6 - Math.log10(Math.max(least, looks));
      Object.assign(slider, { type: "range", min: 0, max: to(least), step: "any", disabled: number.disabled });
      slider.setAttribute("aria-label", `${number.name}: rarer to the left, more often to the right`);
      slider.value = to(Number(number.value));
      slider.addEventListener("input", () => {
        const looks = 10 ** (6 - Number(slider.value));
        number.value = Math.max(least, Number(looks.toPrecision(2)));
        place(number.name, Number(number.value));
      });
      number.addEventListener("input", () => {
        if (!number.checkValidity()) return;
        slider.value = to(Number(number.value));
        place(number.name, Number(number.value));
      });
      number.after(slider);
    }
  }

  // A form that is refused stays as it was filled in, with the sentence below it.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    const method = (button && button.getAttribute("formmethod")) || form.method;
    if (!form.closest("main") || method !== "post" || "plain" in form.dataset) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    if (button && button.name) body.append(button.name, button.value);
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } });
      const text = await answer.text();
      const told = text.startsWith("{") ? JSON.parse(text) : { error: text };
      if (answer.ok) location.assign(`${location.pathname}${told.done ? `?done=${encodeURIComponent(told.done)}` : ""}`);
      else say(sentence(told.error), false);
    } catch {
      say("No connection to the doorbell.", false);
    }
  });
  const sentence = (text) => text ? `${text[0].toUpperCase()}${text.slice(1).trim()}.` : "The doorbell did not answer.";

  // A field that is folded away and wrong is shown, or the form would not be sent and nobody knew why.
  document.addEventListener("invalid", (event) => {
    const fold = event.target.closest("details");
    if (fold) fold.open = true;
  }, true);
})();
