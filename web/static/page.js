// Reads photos as soon as they are chosen, shot, dropped or pasted. The form works without this
// file: here each photo is posted by itself, and the server's own result takes its place.
import { asJpeg } from "./jpeg.js";
import { followFaces } from "./highlight.js";
import { forget, keep, kept } from "./keep.js";
import { showFilters } from "./filters.js";
import { inTurn, post } from "./requests.js";
import { sort } from "./sorting.js";
import { offerTools } from "./tools.js";
import { say, words } from "./words.js";

const AT_ONCE = 2;
const ADDRESS = /^\s*(https?:|www\.)\S+\s*$/i;

const form = document.getElementById("upload");
const input = document.getElementById("photo");
const neutralInput = document.getElementById("neutral");
const status = document.getElementById("status");
const result = document.getElementById("result");
const list = result.querySelector(".results");
const relative = result.querySelector(".relative");
const order = result.querySelector(".sorting select");
const accepted = input.accept.split(",");
let batch = new AbortController();
let files = []; // of the results
let neutral = []; // photos of the person's neutral face

document.documentElement.classList.add("scripting");
input.accept = neutralInput.accept = "image/*"; // the browser makes JPEGs of what it can open
followFaces(result);
offerTools(result, tell);

function tell(sentence) {
  status.textContent = sentence;
}

function item(template, fill) {
  const place = document.createElement("li");
  place.append(document.getElementById(template).content.cloneNode(true));
  fill(place);
  return place;
}

function refused(file, sentence) {
  return item("error", (place) => {
    const name = file.name || words.nameless;
    place.querySelector(".card").dataset.kinds = "failed";
    place.querySelector(".file").textContent = name;
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

/** A file as the server takes it: a JPEG of what only the browser can open. */
async function prepared(file) {
  const fits = accepted.includes(file.type) && file.size <= Number(form.dataset.maxBytes);
  return (fits ? null : await asJpeg(file)) ?? { file };
}

async function sent({ file }, busy, signal) {
  const body = new FormData();
  body.append(input.name, file, file.name || "pasted.png");
  for (const rest of neutral) body.append(neutralInput.name, rest.file, rest.file.name);
  const response = await post(form.action, body, busy, signal);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const shown = page.querySelector("#result .results > li");
  return shown ?? refused(file, say(words.unexpected, { status: response.status }));
}

async function read(file, note, signal) {
  if (await file.slice(0, 1).text().then(() => false, () => true)) return refused(file, words.unopened);
  note.textContent = words.reading;
  let photo = await prepared(file);
  if (photo.file.size > Number(form.dataset.maxBytes)) return refused(file, form.dataset.tooHeavy);
  const busy = (seconds) => {
    note.textContent = say(words.busy, { seconds });
    tell(note.textContent);
  };
  try {
    let shown = await sent(photo, busy, signal);
    if (shown.querySelector("[data-reason='too-large']")) {
      note.textContent = words.converting;
      photo = (await asJpeg(file)) ?? photo;
      if (photo.width) shown = await sent(photo, busy, signal);
    }
    if (photo.width) shown.querySelector("figcaption")?.append(" ", say(words.converted, photo));
    return shown;
  } catch {
    return refused(file, words.unreachable);
  }
}

function finish(alone) {
  document.title = words.results;
  sort(list, order.value);
  keep(list, relative.firstElementChild.textContent).then((isKept) => isKept || tell(words.not_kept));
  if (alone) {
    tell("");
    result.scrollIntoView({ block: "start" });
  }
  // Whoever has begun to look at the first readings stays there.
  if (list.contains(document.activeElement)) return;
  const heading = alone ? list.querySelector("h3") : result.querySelector("h2");
  heading.focus({ preventScroll: true });
}

/** Among others a result is a small picture, which opens. */
function fold(shown, preview) {
  if (preview) shown.querySelector("span.thumb")?.replaceWith(preview);
  for (const card of shown.querySelectorAll("details")) card.open = false;
  shown.querySelector("[role=alert]")?.removeAttribute("role");
}

async function readAll(chosen) {
  batch.abort();
  batch = new AbortController();
  const { signal } = batch;
  const alone = chosen.length === 1;
  const places = chosen.map(pending);
  let done = 0;
  const progress = () => say(words.progress, { done, count: chosen.length });
  files = chosen;
  form.reset();
  result.hidden = false;
  result.classList.remove("kept");
  list.replaceChildren(...places);
  showFilters(result);
  tell(alone ? words.reading : progress());
  await inTurn(chosen, AT_ONCE, async (file, i) => {
    if (signal.aborted) return;
    const shown = await read(file, places[i].querySelector(".note"), signal);
    if (signal.aborted) return;
    if (!alone) fold(shown, places[i].querySelector("img"));
    shown.dataset.number = i;
    places[i].replaceWith(shown);
    done += 1;
    showFilters(result);
    tell(progress());
  });
  if (!signal.aborted) finish(alone);
}

/** Read the photos again, relative to a neutral face or, with none, without it. */
async function readRelativeTo(chosen) {
  neutral = await Promise.all(chosen.map(prepared));
  const name = neutral.map(({ file }) => file.name || words.nameless).join(", ");
  relative.hidden = !name;
  relative.firstElementChild.textContent = name && say(words.relative, { name });
  if (files.length) readAll(files);
  else tell(relative.firstElementChild.textContent);
}

function take(event, chosen) {
  if (!chosen?.length) return;
  event.preventDefault();
  readAll([...chosen]);
}

function takeFrom(event, transfer) {
  if (transfer?.files.length) take(event, transfer.files);
  else if (ADDRESS.test(transfer?.getData("text/uri-list") || transfer?.getData("text/plain"))) {
    event.preventDefault();
    tell(words.address);
  }
}

form.addEventListener("change", (event) => {
  if (event.target === neutralInput) readRelativeTo([...neutralInput.files]);
  else take(event, event.target.files);
});
result.addEventListener("click", ({ target }) => {
  const place = target.closest("button.neutral")?.closest("li");
  if (place) readRelativeTo([files[place.dataset.number]]);
  if (target.closest(".relative button")) readRelativeTo([]);
  if (!target.closest(".clear")) return;
  forget();
  files = [];
  list.replaceChildren();
  result.hidden = true;
  tell("");
  input.focus();
});
order.addEventListener("change", () => sort(list, order.value));
document.addEventListener("paste", (event) => takeFrom(event, event.clipboardData));
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
  takeFrom(event, event.dataTransfer);
});
form.addEventListener("click", async ({ target }) => {
  const { sample } = target.closest("[data-sample]")?.dataset ?? {};
  if (sample) {
    const content = await fetch(sample).then((response) => response.blob());
    readAll([new File([content], sample.replace(/.*\//, ""), { type: content.type })]);
  }
  if (target.id !== "shoot") return;
  const { shoot } = await import("./shot.js");
  const photo = await shoot(document.getElementById("shot"));
  if (photo) readAll([photo]);
});

const before = result.hidden ? await kept() : null;
if (before) {
  list.replaceChildren(...before.items);
  relative.firstElementChild.textContent = before.relative;
  relative.hidden = !before.relative;
  result.classList.add("kept");
  result.hidden = false;
  sort(list, order.value);
}
showFilters(result);
