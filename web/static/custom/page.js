// Teach: the visitor names expressions, shows each for some seconds, and gets a classifier of them.

import { save } from "../files.js";
import { openEngine } from "../live/runtime.js";
import { frames } from "../live/frames.js";
import { createPanel } from "../live/panel.js";
import { findInPhoto } from "../live/photo-detector.js";
import { corners, radius } from "../live/geometry.js";
import { createTracker } from "../live/tracker.js";
import { createStage } from "../live/stage.js";
import { percent, verdict } from "../live/format.js";
import { counted, say, words } from "../words.js";
import { createClassList } from "./class-list.js";
import { showConfusion } from "./confusion.js";
import { createDataset } from "./dataset.js";
import { packed, unpacked } from "./project.js";
import { thumbnail } from "./thumbnail.js";
import { TrainingError, requestTraining } from "./train-request.js";

const COUNTDOWN = 3; // seconds to make a face
const TAKE = 5; // seconds of a recording, and
const MAX_TAKE = 30; // where the mesh is too slow for the fewest faces in that time
const STEP = 1 / 15; // seconds between two faces that are kept: closer ones are all but alike
const MIN_INTERVAL = 3; // seconds between two sentences to a screen reader

const section = document.getElementById("teach");
const part = (name) => section.querySelector(`.${name}`);
const [train, note, result, told] = ["train", "note", "trained", "told"].map(part);
const why = document.getElementById("teach-why");
const limits = JSON.parse(section.dataset.limits);
const dataset = createDataset(limits);
const stage = createStage(section);
const list = createClassList(section, dataset, limits, { record, photos, changed });
let doing = null; // what is at work: {busy, stop: AbortController, expression}
let trained = null;
let saved = true; // whether the faces, if there are any, are kept elsewhere

list.replace(words.teach.examples.map((name) => ({ name })));
train.addEventListener("click", () => alone(trainClassifier));
part("try").addEventListener("click", () => alone(follow));
part("bundle").addEventListener("click", () => keepFile(trained.zip, "application/zip", "custom-classes.zip"));
part("table").addEventListener("click", () => keepFile(trained.csv, "text/csv", "custom-classes.csv"));
part("pack").addEventListener("click", () => keepFile(packed(dataset.expressions), "application/zip", "expressions.zip"));
part("unpack").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  alone(() => openProject(file));
  target.value = ""; // the same file may be chosen again
});
window.addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});
section.addEventListener("keydown", ({ key }) => key === "Escape" && doing?.stop.abort());
// A photo that is dropped beside the list would be opened in place of the page.
for (const event of ["dragover", "drop"]) {
  document.addEventListener(event, (dropped) => section.hidden || dropped.preventDefault());
}
window.addEventListener("hashchange", () => {
  if (!section.hidden) return;
  doing?.stop.abort();
  stage.stop();
});

function unsaved() {
  return !saved && dataset.expressions.some(({ faces }) => faces.length > 0);
}

async function openProject(file) {
  const expressions = unpacked(new Uint8Array(await file.arrayBuffer()), limits);
  if (expressions && unsaved() && !window.confirm(words.teach.replace)) return;
  if (expressions) list.replace(expressions);
  saved ||= Boolean(expressions);
  note.textContent = say(expressions ? words.teach.opened : words.teach.no_project, { name: file.name });
}

function keepFile(content, type, name) {
  save(content, type, name);
  saved = true;
}

function changed() {
  list.show();
  why.textContent = dataset.whyNot();
  train.disabled = Boolean(doing?.busy || why.textContent);
}

/** Do one thing at a time; only watching the trained classifier makes way for the next. */
async function alone(task, expression = null) {
  if (doing?.busy) return;
  doing?.stop.abort();
  const mine = { busy: task !== follow, stop: new AbortController(), expression };
  doing = mine;
  show();
  try {
    await task(mine.stop.signal, expression);
  } catch (error) {
    const sentence = error instanceof TrainingError ? error.message : words.camera_errors[error.reason];
    note.textContent = sentence ?? words.unable;
    if (!sentence) console.error(error);
  }
  if (doing === mine) doing = null;
  show();
}

function show() {
  section.classList.toggle("busy", Boolean(doing?.busy));
  list.recording(doing?.expression ?? null);
  changed();
}

function record(expression) {
  if (doing?.expression === expression) doing.stop.abort();
  else alone(recordFaces, expression);
}

async function recordFaces(signal, expression) {
  const before = expression.faces.length;
  const take = {};
  note.textContent = words.loading;
  const [camera, { mesh, bundle }] = await Promise.all([stage.start(), openEngine()]);
  note.textContent = say(words.teach.soon, { name: nameOf(expression), seconds: COUNTDOWN });
  await stage.countDown(COUNTDOWN, signal);
  note.textContent = say(words.teach.recording, { name: nameOf(expression) });
  let start = null; // the first picture takes the mesh long
  for await (const { faces: found, picture } of frames(mesh, stage.video, camera, signal)) {
    const now = performance.now() / 1000;
    start ??= now;
    const face = largest(found);
    const drawn = face ? [{ points: face, box: corners(face), label: nameOf(expression) }] : [];
    stage.draw(drawn, bundle.edges, picture);
    keep(expression, take, face, now);
    const long = now - start > TAKE && expression.faces.length - before >= limits.minFaces;
    if (long || now - start > MAX_TAKE || dataset.room(expression) <= 0) break;
  }
  stage.clear();
  tellOf(expression, before);
}

function keep(expression, take, points, now) {
  if (!points || now - (expression.last ?? 0) < STEP) return;
  const { videoWidth: width, videoHeight: height } = stage.video;
  expression.last = now;
  take.image ??= thumbnail(stage.video, points);
  expression.faces.push({ points, width, height, take });
  list.show();
}

/** Take photos, whose faces are found as those of photos on this device. */
function photos(expression, files) {
  alone(async (signal) => {
    const before = expression.faces.length;
    const { mesh, bundle } = await openEngine();
    for (const file of files.slice(0, dataset.room(expression))) {
      if (signal.aborted) break;
      note.textContent = say(words.photo_reading, { name: file.name });
      const photo = await createImageBitmap(file).catch(() => null);
      if (!photo) continue;
      const { width, height } = photo;
      const points = largest(await findInPhoto(mesh, photo, bundle.mirror));
      const take = points && { image: thumbnail(photo, points) };
      if (points) expression.faces.push({ points, width, height, take });
      photo.close();
      list.show();
    }
    tellOf(expression, before, files.length);
  });
}

function tellOf(expression, before, wanted = 0) {
  const count = expression.faces.length - before;
  if (count) saved = false;
  const { got, missed } = words.teach;
  const sentence = say(got[count] ?? got.other, { count, name: nameOf(expression) });
  const left = count && wanted > count ? counted(missed, wanted - count) : "";
  note.textContent = `${sentence} ${left}`.trim();
}

function nameOf(expression) {
  const number = dataset.expressions.indexOf(expression) + 1;
  return expression.name || say(words.teach.numbered, { number });
}

function largest(faces) {
  const sizes = faces.map(({ points }) => radius(points));
  return faces[sizes.indexOf(Math.max(...sizes))]?.points;
}

async function trainClassifier() {
  note.textContent = words.teach.learning;
  const { bundle } = await openEngine();
  trained = await requestTraining(dataset.form(), bundle.mirror);
  note.textContent = "";
  const figures = { share: percent(trained.accuracy), count: trained.held };
  part("figures").textContent = say(words.teach.figures, figures);
  showConfusion(part("confusion"), trained.classifier.classes, trained.confusion);
  part("panels").replaceChildren();
  result.hidden = false;
  result.querySelector("h3").focus();
}

/** Show what the trained classifier reads in the camera's pictures. */
async function follow(signal) {
  const { classifier } = trained;
  const [camera, { mesh, bundle }] = await Promise.all([stage.start(), openEngine()]);
  const tracker = createTracker(bundle.tracking);
  const panel = createPanel(1, classifier);
  let last = 0;
  part("panels").replaceChildren(panel.element);
  for await (const { faces: found, picture } of frames(mesh, stage.video, camera, signal)) {
    const now = performance.now() / 1000;
    const faces = tracker.follow(found, now);
    tracker.settle(faces, await classifier.predict(faces.map(({ points }) => points)));
    if (signal.aborted) break;
    for (const face of faces) face.label = verdict(face.proba, classifier);
    stage.draw(faces, bundle.edges, picture);
    if (faces.length) panel.show(faces[0].proba);
    const sentence = faces[0]?.label ?? words.nobody;
    if (now - last > MIN_INTERVAL && told.textContent !== sentence) {
      last = now;
      told.textContent = sentence;
    }
  }
  stage.clear();
}
