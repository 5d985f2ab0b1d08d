// The camera: frames become faces, faces become bars, a timeline and rows of a CSV.

import { save } from "../files.js";
import { say, words } from "../words.js";
import { openCamera } from "./camera.js";
import { createChart } from "./chart.js";
import { closeEngine, openEngine } from "./engine.js";
import { drawFaces } from "./overlay.js";
import { colours, createPanel } from "./panel.js";
import { createRecord } from "./record.js";
import { createTracker } from "./smoothing.js";
import { verdict } from "./verdict.js";

const TOLD_EVERY = 3; // seconds between two sentences to a screen reader

const section = document.getElementById("camera");
const part = (name) => section.querySelector(`.${name}`);
const [video, overlay, start, stop] = ["video", "overlay", "start", "stop"].map(part);
const [smooth, rate, note, told, keep] = ["smooth", "rate", "note", "told", "keep"].map(part);
const panels = new Map();
const tracker = createTracker();
let camera = null;
let chart;
let record;

export function startLive() {
  start.addEventListener("click", turnOn);
  stop.addEventListener("click", () => camera?.stop());
  smooth.addEventListener("change", () => (tracker.smooth = smooth.checked));
  keep.addEventListener("click", () => save(record.csv(), "text/csv", "mien-live.csv"));
  window.addEventListener("hashchange", () => section.hidden && camera?.stop());
}

async function turnOn() {
  start.disabled = true;
  note.textContent = words.loading;
  try {
    const mine = await openCamera(video, turnedOff);
    camera = mine;
    show(true);
    const engine = await openEngine();
    if (camera !== mine) return; // it was stopped while the mesh was loading
    prepare(engine);
    note.textContent = "";
    await watch(engine, mine);
  } catch (error) {
    camera?.stop();
    note.textContent = words.camera_errors[error.reason] ?? words.unable;
    if (!error.reason) fail(error);
  } finally {
    start.disabled = false;
  }
}

function fail(error) {
  closeEngine();
  console.error(error);
}

function turnedOff() {
  camera = null;
  chart?.pause();
  for (const { element } of panels.values()) element.classList.add("lost");
  show(false);
  note.textContent = words.off;
  rate.textContent = "";
  overlay.getContext("2d").clearRect(0, 0, overlay.width, overlay.height);
}

function show(on) {
  section.classList.toggle("on", on);
  start.hidden = on;
  stop.hidden = !on;
  start.disabled = false;
  (on ? stop : start).focus();
}

function prepare({ classifier }) {
  chart ??= createChart(part("timeline"), colours(classifier.classes));
  record ??= createRecord(classifier.classes);
}

/** Read frame after frame until the camera is off. */
async function watch({ bundle, mesh, classifier }, mine) {
  const frames = [];
  let coming = nextFrame(mine);
  for (let first = true; ; first = false) {
    await coming;
    if (camera !== mine) return;
    coming = nextFrame(mine); // one that comes while this one is read is not waited for again
    const now = performance.now() / 1000;
    const found = await mesh.find(video, { fresh: first });
    const faces = tracker.follow(found, now);
    tracker.settle(faces, await classifier.predict(faces.map(({ points }) => points)));
    if (camera !== mine) return;
    draw(faces, bundle.edges, classifier, now);
    frames.push(now);
    while (frames[0] < now - 1) frames.shift();
    rate.textContent = say(words.rate, { frames: frames.length });
  }
}

/** The next picture of the camera, or its end. */
function nextFrame({ stream }) {
  if (!stream.active) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 1000); // a camera that was turned off sends no more
    const done = () => resolve(clearTimeout(timer));
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(done);
    else requestAnimationFrame(done);
  });
}

function draw(faces, edges, classifier, now) {
  const { videoWidth: width, videoHeight: height } = video;
  if (overlay.width !== width || overlay.height !== height) Object.assign(overlay, { width, height });
  else overlay.getContext("2d").clearRect(0, 0, width, height);
  for (const face of faces) face.label = `${face.number} ${verdict(face.proba, classifier)}`;
  drawFaces(overlay, faces, edges, true);
  showPanels(faces, classifier);
  chart.add(now, faces[0]?.proba ?? null);
  const date = new Date();
  for (const face of faces) record.add(date, face);
  keep.disabled = record.size === 0;
  tell(faces, now);
}

function showPanels(faces, classifier) {
  for (const face of faces) {
    if (!panels.has(face.number)) {
      const panel = createPanel(face.number, classifier);
      panels.set(face.number, panel);
      part("panels").append(panel.element);
    }
    panels.get(face.number).show(face.proba);
  }
  const seen = faces.map(({ number }) => number);
  for (const [number, { element }] of panels) {
    element.classList.toggle("lost", !seen.includes(number));
    if (number > 1) element.hidden = !seen.includes(number); // the first stays: less jumps about
  }
}

/** Say what is seen to who can't see it: seldom, and only what is new. */
function tell(faces, now) {
  const sentence = faces.length ? faces.map(({ label }) => label).join(", ") : words.nobody;
  if (now - (tell.last ?? 0) < TOLD_EVERY || told.textContent === sentence) return;
  tell.last = now;
  told.textContent = sentence;
}
