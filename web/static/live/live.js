// The camera: frames become faces, faces become bars, a timeline and rows of a CSV.

import { save } from "../files.js";
import { say, words } from "../words.js";
import { createChart } from "./chart.js";
import { closeEngine, openEngine } from "./runtime.js";
import { frames } from "./frames.js";
import { colours, createPanel } from "./panel.js";
import { createRecord } from "./record.js";
import { createNeutral } from "./neutral.js";
import { createTracker } from "./tracker.js";
import { createStage } from "./stage.js";
import { named, percent, verdict } from "./format.js";

const TOLD_EVERY = 3; // seconds between two sentences to a screen reader

const section = document.getElementById("camera");
const part = (name) => section.querySelector(`.${name}`);
const [start, stop, smooth, rate] = ["start", "stop", "smooth", "rate"].map(part);
const [note, told, keep] = ["note", "told", "keep"].map(part);
const stage = createStage(section, turnedOff);
const panels = new Map();
let tracker;
let neutral;
let chart;
let record;

export function startLive() {
  start.addEventListener("click", turnOn);
  smooth.addEventListener("change", () => tracker && (tracker.smooth = smooth.checked));
  keep.addEventListener("click", () => save(record.csv(), "text/csv", "mien-live.csv"));
  window.addEventListener("hashchange", () => section.hidden && stage.stop());
}

async function turnOn() {
  start.disabled = true;
  note.textContent = words.steps.camera;
  try {
    const camera = await stage.start();
    if (section.hidden) stage.stop(); // the visitor went on while the browser asked
    if (!camera.stream.active) return;
    start.hidden = true;
    stop.focus();
    note.textContent = words.steps.models;
    const engine = await openEngine();
    if (!camera.stream.active) return; // it was stopped while the mesh was loading
    prepare(engine);
    note.textContent = words.steps.face;
    await watch(engine, camera);
  } catch (error) {
    stage.stop();
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
  chart?.pause();
  for (const { element } of panels.values()) element.classList.add("lost");
  note.textContent = words.off;
  rate.textContent = "";
  start.hidden = start.disabled = false;
  start.focus();
}

function prepare({ bundle, classifier }) {
  tracker ??= createTracker(bundle.tracking);
  tracker.smooth = smooth.checked;
  neutral ??= createNeutral(classifier.classes, bundle.relative);
  chart ??= createChart(part("timeline"), colours(classifier.classes));
  if (!part("legend").children.length) part("legend").append(...classifier.classes.map(legendOf));
  record ??= createRecord(bundle);
}

function legendOf(name, k) {
  const [item, swatch] = ["li", "span"].map((tag) => document.createElement(tag));
  swatch.className = `class-${k % 8}`;
  item.append(swatch, named(name));
  return item;
}

/** Read picture after picture until the camera is off. */
async function watch({ bundle, mesh, classifier }, camera) {
  const times = [];
  for await (const { faces: found, picture, pixels } of frames(mesh, stage.video, camera)) {
    const now = performance.now() / 1000;
    const faces = tracker.follow(found, now);
    const points = found.map((face) => face.points);
    const probas = await classifier.predict(points, bundle.crop && pixels());
    tracker.settle(faces, probas.map((proba, i) => neutral.read(faces[i].trackId, proba)));
    if (!camera.stream.active) return;
    name(faces, classifier);
    stage.draw(faces, bundle.edges, picture);
    show(faces, classifier, now);
    times.push(now);
    while (times[0] < now - 1) times.shift();
    rate.textContent = say(words.rate, { frames: times.length });
  }
}

function name(faces, classifier) {
  for (const face of faces) {
    face.name = `${face.trackId} ${verdict(face.proba, classifier)}`;
    face.label = `${face.name} ${percent(Math.max(...face.proba))}`;
  }
}

function show(faces, classifier, now) {
  if (faces.length) note.textContent = "";
  showPanels(faces, classifier);
  chart.add(now, faces[0]?.proba ?? null);
  record.add(now, stage.video, faces);
  keep.disabled = record.size === 0;
  tell(faces, now);
}

function showPanels(faces, classifier) {
  for (const face of faces) {
    if (!panels.has(face.trackId)) {
      const panel = createPanel(face.trackId, classifier);
      panels.set(face.trackId, panel);
      if (classifier.classes.includes("neutral")) panel.element.append(neutralButton(face.trackId));
      part("panels").append(panel.element);
    }
    panels.get(face.trackId).show(face.proba);
  }
  const seen = faces.map(({ trackId }) => trackId);
  for (const [trackId, { element }] of panels) {
    element.classList.toggle("lost", !seen.includes(trackId));
    if (trackId > 1) element.hidden = !seen.includes(trackId); // the first stays: less jumps about
  }
}

/** A button that reads a face relative to what it shows now, and back. */
function neutralButton(trackId) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.neutral;
  button.setAttribute("aria-pressed", false);
  button.addEventListener("click", () => {
    neutral.toggle(trackId);
    button.textContent = neutral.has(trackId) ? words.relative : words.neutral;
    button.setAttribute("aria-pressed", neutral.has(trackId));
  });
  return button;
}

/** Say what is seen to who can't see it: seldom, and only what is new. */
function tell(faces, now) {
  const sentence = faces.length ? faces.map(({ name }) => name).join(", ") : words.nobody;
  if (now - (tell.last ?? 0) < TOLD_EVERY || told.textContent === sentence) return;
  tell.last = now;
  told.textContent = sentence;
}
