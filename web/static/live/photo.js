// Photos read on this device: nothing of them is sent anywhere.

import { save } from "../files.js";
import { described, photoRows, table } from "../table.js";
import { say, words } from "../words.js";
import { MAX_FACES, closeEngine, openEngine } from "./runtime.js";
import { findInPhoto } from "./photo-detector.js";
import { pixelsOf } from "./resample.js";
import { drawFaces } from "./overlay.js";
import { createPanel } from "./panel.js";
import { corners } from "./geometry.js";
import { percent, verdict } from "./format.js";

const SHOWN_SIDES = [480, 1200]; // least and greatest longer side in pixels of a photo as shown

const section = document.getElementById("photo");
const input = section.querySelector("input[type=file]");
const results = section.querySelector(".results");
const note = section.querySelector(".note");
let queue = Promise.resolve();

export function startPhotos() {
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = ""; // the same file may be chosen again
  });
  document.addEventListener("paste", (event) => takeFrom(event, event.clipboardData));
  document.addEventListener("dragover", (event) => section.hidden || event.preventDefault());
  document.addEventListener("drop", (event) => takeFrom(event, event.dataTransfer));
}

function takeFrom(event, transfer) {
  if (section.hidden || !transfer?.files.length) return;
  event.preventDefault();
  take([...transfer.files]);
}

/** Read photos one after the other, however many are handed in meanwhile. */
function take(files) {
  results.replaceChildren();
  for (const file of files) queue = queue.then(() => read(file));
}

async function read(file) {
  note.textContent = say(words.photo_reading, { name: file.name });
  const item = document.createElement("li");
  results.append(item);
  try {
    const photo = await createImageBitmap(file).catch(() => null);
    if (photo) await answer(item, photo, file.name);
    else refuse(item, say(words.photo_unreadable, { name: file.name }));
    photo?.close();
  } catch (error) {
    refuse(item, words.unable);
    closeEngine();
    console.error(error);
  }
  note.textContent = "";
}

async function answer(item, photo, name) {
  const { bundle, mesh, classifier } = await openEngine();
  const faces = await findInPhoto(mesh, photo, bundle.mirror, bundle.meshes);
  if (!faces.length) return refuse(item, say(words.photo_no_face, { name }));
  const pixels = bundle.crop ? pixelsOf(photo) : null;
  const probas = await classifier.predict(faces.map(({ points }) => points), pixels);
  const read = faces.map(({ points }, i) => ({
    ...described(corners(points), probas[i], classifier.classes),
    uncertain: Math.max(...probas[i]) < classifier.threshold,
  }));
  const element = { image: name, width: photo.width, height: photo.height, faces: read, reason: "" };
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const panels = document.createElement("div");
  caption.textContent = say(words.photo_how, { name, model: bundle.name });
  if (faces.length === MAX_FACES) caption.textContent += ` ${say(words.photo_most, { count: MAX_FACES })}`;
  panels.className = "panels";
  faces.forEach((face, i) => {
    const panel = createPanel(i + 1, classifier);
    panel.show(probas[i]);
    panels.append(panel.element);
    const share = percent(Math.max(...probas[i]));
    face.label = `${faces.length > 1 ? `${i + 1} ` : ""}${verdict(probas[i], classifier)} ${share}`;
  });
  const picture = shown(photo, faces, bundle.edges);
  figure.append(picture, caption, toolsFor(picture, element, bundle.columns));
  item.append(figure, panels);
}

/** Buttons that save a photo as it is shown, and its faces as a table. */
function toolsFor(picture, element, columns) {
  const stem = element.image.replace(/\.\w+$/, "") || "photo";
  const ways = [
    [words.png, () => picture.toBlob((content) => save(content, "image/png", `${stem}-mien.png`))],
    [words.csv, () => save(table(columns, photoRows(columns, [element])), "text/csv", `${stem}.csv`)],
  ];
  const tools = document.createElement("div");
  tools.className = "tools";
  tools.append(...ways.map(([text, action]) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    button.addEventListener("click", action);
    return button;
  }));
  return tools;
}

/** The photo as a canvas of moderate size with its faces drawn on it. */
function shown(photo, faces, edges) {
  const longer = Math.max(photo.width, photo.height);
  const scale = Math.max(SHOWN_SIDES[0], Math.min(SHOWN_SIDES[1], longer)) / longer;
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(photo.width * scale));
  canvas.height = Math.max(1, Math.round(photo.height * scale));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", faces.map(({ label }) => label).join(", "));
  canvas.getContext("2d").drawImage(photo, 0, 0, canvas.width, canvas.height);
  const scaled = faces.map(({ points, label }) => {
    const small = points.map((value) => value * scale);
    return { points: small, box: corners(small), label };
  });
  drawFaces(canvas, scaled, edges);
  return canvas;
}

function refuse(item, sentence) {
  item.className = "error";
  item.textContent = sentence;
}
