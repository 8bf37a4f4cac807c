"use strict";
// The live page: pictures, who is in them, and how the camera is doing. Its lists are kept current by lists.js.
(() => {
  // All other words come from the doorbell.
  const byId = (id) => document.getElementById(id);
  const UNREACHABLE = {
    state: "lost", word: "Lost", text: "No connection to the doorbell; trying again", line: byId("view").dataset.lost,
  };
  let events = null;

  // Live picture, of a door that sends one, and what is in it. Where there are several cameras one is looked at; of the
  // others there are tiles with a still now and then: a browser has only six connections for all its pages.
  const view = byId("view");
  const pictures = !view.classList.contains("pictureless");
  const picture = new Image(768, 432);
  picture.className = "picture";
  picture.alt = "Live picture of the door";
  picture.addEventListener("load", () => {
    picture.hidden = false;
    if (picture.naturalWidth) view.style.aspectRatio = `${picture.naturalWidth} / ${picture.naturalHeight}`;
  });
  const tiles = new Map([...document.querySelectorAll(".tile")].map((tile) => [tile.dataset.camera, tile]));
  const cameras = new Map();  // what was told of each last
  const told = (camera) => cameras.get(camera) || cameras.set(camera, { faces: [], line: "" }).get(camera);
  const address = (kind, camera, more) => `/live.${kind}?camera=${encodeURIComponent(camera)}&${more}`;

  function showFaces({ faces, line }) {
    const tags = faces.map((face) => {
      const tag = document.createElement("span");
      tag.className = `tag ${face.kind}`;
      tag.textContent = face.kind === "unsure" ? "looking" : face.label;
      if (face.near) {
        const near = document.createElement("span");
        near.className = "near";
        near.textContent = face.near;
        tag.append(" ", near);
      }
      tag.style.left = `${100 * Math.max(0, face.left)}%`;
      tag.style.top = `max(40px, ${100 * face.top}%)`;  // its own height, so that it is not cut off
      return tag;
    });
    byId("faces").replaceChildren(...tags);
    if (byId("now").textContent !== line) byId("now").textContent = line;
  }

  // What the door asks its visitor to do. It stays until it is over, or has not been said again for longer than a step
  // takes: who leaves is told nothing more.
  const STEP = 8000, THANKS = 4000;
  function showChallenge(camera) {
    if (camera === view.dataset.camera) byId("challenge").textContent = (told(camera).challenge || { line: "" }).line;
  }

  function hearChallenge(challenge) {
    const camera = told(challenge.camera);
    clearTimeout(camera.forget);
    camera.challenge = challenge;
    camera.forget = setTimeout(() => dropChallenge(challenge), challenge.turn ? STEP : THANKS);
    showChallenge(challenge.camera);
  }

  function dropChallenge({ camera, visit }) {
    const known = told(camera);
    if (!known.challenge || known.challenge.visit !== visit) return;
    known.challenge = null;
    showChallenge(camera);
  }

  function showState({ state, word, text }) {
    byId("state").dataset.state = state;
    byId("state-word").textContent = word;
    byId("status").textContent = text;
  }

  function showTile(camera) {
    const tile = tiles.get(camera), { status, faces } = told(camera);
    if (!tile) return;
    const watched = !status || status.state === "watching";
    const there = watched ? faces.map((face) => (face.kind === "unsure" ? "somebody" : face.label)).join(", ") : status.word;
    if (status) tile.dataset.state = status.state;
    tile.classList.toggle("busy", watched && faces.length > 0);
    tile.querySelector(".there").textContent = there;
  }

  function hearFaces(data) {
    Object.assign(told(data.camera), { faces: data.faces, line: data.line });
    if (data.camera === view.dataset.camera) showFaces(data);
    showTile(data.camera);
  }

  function hearState(status) {
    const camera = told(status.camera);
    camera.status = status;
    if (status.state !== "watching") Object.assign(camera, { faces: [], line: status.line });
    if (status.camera === view.dataset.camera) {
      showState(status);
      if (status.state !== "watching") showFaces(camera);
    }
    showTile(status.camera);
  }

  function play() {
    if (pictures) picture.src = address("mjpeg", view.dataset.camera, `t=${Date.now()}`);
  }

  function lookAt(camera) {
    view.dataset.camera = camera;
    byId("where").textContent = camera;
    view.style.aspectRatio = "";
    picture.hidden = true;  // until the first of this camera has come: no other door's picture may stand there
    for (const [name, tile] of tiles) tile.parentElement.hidden = name === camera;
    showFaces(told(camera));
    showChallenge(camera);
    if (told(camera).status) showState(told(camera).status);
    history.replaceState(null, "", `/?camera=${encodeURIComponent(camera)}`);
    play();
  }

  // One still after the other, so that a slow line is not filled with them.
  let turn = 0;
  function nextStill() {
    const shown = [...tiles].filter(([name, tile]) => name !== view.dataset.camera && tile.dataset.state === "watching");
    if (document.hidden || !shown.length) return void setTimeout(nextStill, 1000);
    const [name, tile] = shown[turn++ % shown.length];
    const still = new Image(160, 90);
    still.alt = "";
    still.onload = () => {
      const old = tile.querySelector("img");
      old ? old.replaceWith(still) : tile.prepend(still);
    };
    const soon = () => setTimeout(nextStill, 1200 / shown.length);
    still.addEventListener("load", soon);
    still.addEventListener("error", soon);
    still.src = address("jpg", name, `small=1&names=0&t=${Date.now()}`);
  }

  for (const [name, tile] of tiles) {
    tile.addEventListener("click", (event) => { event.preventDefault(); lookAt(name); });
  }

  // Events. A page that nobody looks at lets go of its streams: a browser has only six for all its pages.
  function connect() {
    if (events) events.close();  // a page that was opened in the background is shown without having been hidden
    events = new EventSource("/api/events?faces=1");
    events.onopen = () => {
      play();
      refresh(...LISTS);
    };
    hearLists(events);
    events.onerror = () => {
      for (const camera of tiles.size ? tiles.keys() : [view.dataset.camera]) hearState({ ...UNREACHABLE, camera });
    };
    const on = (name, act) => events.addEventListener(name, (event) => act(JSON.parse(event.data)));
    on("faces", hearFaces);
    on("status", hearState);
    on("challenge", hearChallenge);
    on("visit", dropChallenge);
  }

  function disconnect() {
    events.close();
    if (pictures) picture.src = address("jpg", view.dataset.camera, "names=0");
  }

  if (pictures) view.prepend(picture);
  if (tiles.size) nextStill();
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  window.addEventListener("pagehide", disconnect);
  connect();
})();
