// Reads photos as soon as they are chosen, shot, dropped or pasted. The form works without this
// file: here each photo is posted by itself, and the server's own result takes its place.
import { followFaces } from "./highlight.js";
import { inTurn, post } from "./requests.js";
import { offerTools } from "./tools.js";
import { say, words } from "./words.js";

const AT_ONCE = 2;
// The brands of ISO base media files that cameras save as HEIC, after the box's name.
const HEIC = /^ftyp(hei[cxms]|hev[cxms]|mif1|msf1)/;

const form = document.getElementById("upload");
const input = document.getElementById("photo");
const status = document.getElementById("status");
const result = document.getElementById("result");
const list = result.querySelector(".results");
let batch = new AbortController();

document.documentElement.classList.add("scripting");
followFaces(result);
offerTools(result, (sentence) => { status.textContent = sentence; });

function item(template, fill) {
  const place = document.createElement("li");
  place.append(document.getElementById(template).content.cloneNode(true));
  fill(place);
  return place;
}

function refused(file, sentence) {
  return item("error", (place) => {
    const name = file.name || words.nameless;
    place.querySelector("h3").textContent = say(words.not_read, { name });
    place.querySelector("p").textContent = sentence;
  });
}

function pending(file) {
  return item("pending", (place) => {
    const image = place.querySelector("img");
    const release = () => URL.revokeObjectURL(image.src);
    image.addEventListener("load", release);
    image.addEventListener("error", () => {
      release();
      image.remove();
    });
    image.src = URL.createObjectURL(file);
    place.querySelector(".file").textContent = file.name || words.nameless;
  });
}

async function whyNot(file) {
  if (file.size > Number(form.dataset.maxBytes)) return form.dataset.tooHeavy;
  try {
    return HEIC.test(await file.slice(4, 12).text()) ? form.dataset.heic : "";
  } catch {
    return words.unopened;
  }
}

async function read(file, note, signal) {
  const sentence = await whyNot(file);
  if (sentence) return refused(file, sentence);
  const body = new FormData();
  body.append(input.name, file, file.name || "pasted.png");
  note.textContent = words.reading;
  const busy = (seconds) => {
    note.textContent = say(words.busy, { seconds });
    status.textContent = note.textContent;
  };
  try {
    const response = await post(form.action, body, busy, signal);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const shown = page.querySelector("#result .results > li");
    return shown ?? refused(file, say(words.unexpected, { status: response.status }));
  } catch {
    return refused(file, words.unreachable);
  }
}

function finish(alone) {
  document.title = words.results;
  if (alone) {
    status.textContent = "";
    result.scrollIntoView({ block: "start" });
  }
  // Whoever has begun to look at the first readings stays there.
  if (list.contains(document.activeElement)) return;
  const heading = alone ? list.querySelector("h3") : result.querySelector("h2");
  heading.focus({ preventScroll: true });
}

async function readAll(files) {
  batch.abort();
  batch = new AbortController();
  const { signal } = batch;
  const alone = files.length === 1;
  const places = files.map(pending);
  let done = 0;
  const progress = () => say(words.progress, { done, count: files.length });
  form.reset();
  result.hidden = false;
  list.replaceChildren(...places);
  status.textContent = alone ? words.prediction : progress();
  await inTurn(files, AT_ONCE, async (file, i) => {
    if (signal.aborted) return;
    const shown = await read(file, places[i].querySelector(".note"), signal);
    if (signal.aborted) return;
    // The reasons would fill a screen for each of many photos: they open one by one.
    if (!alone) for (const why of shown.querySelectorAll(".why")) why.open = false;
    places[i].replaceWith(shown);
    done += 1;
    status.textContent = progress();
  });
  if (!signal.aborted) finish(alone);
}

function take(event, files) {
  if (!files?.length) return;
  event.preventDefault();
  readAll([...files]);
}

form.addEventListener("change", (event) => take(event, event.target.files));
document.addEventListener("paste", (event) => take(event, event.clipboardData?.files));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  form.classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  form.classList.remove("over");
  take(event, event.dataTransfer?.files);
});
