// Reads a photo as soon as it is chosen, dropped or pasted. The form works without this file: here
// it is sent in the background and the server's own result takes its place on the page.
const form = document.getElementById("upload");
const input = document.getElementById("photo");
const status = document.getElementById("status");
const result = document.getElementById("result");
const title = document.title;
let running = new AbortController();
let preview = "";

document.documentElement.classList.add("scripting");

function show(...nodes) {
  result.replaceChildren(...nodes);
  URL.revokeObjectURL(preview);
  preview = "";
}

function refuse(sentence) {
  const box = document.createElement("div");
  const heading = document.createElement("h2");
  const text = document.createElement("p");
  box.className = "error";
  box.setAttribute("role", "alert");
  heading.textContent = "That photo was not read";
  text.textContent = sentence;
  box.append(heading, text);
  show(box);
  status.textContent = "";
}

function showPreview(file) {
  const image = document.createElement("img");
  image.className = "preview";
  image.alt = "The chosen photo";
  image.addEventListener("error", () => image.remove());
  show(image);
  preview = URL.createObjectURL(file);
  image.src = preview;
}

function showAnswer(html) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  document.title = answer.title || title;
  show(...answer.getElementById("result").children);
  status.textContent = "";
  result.querySelector("h2").focus();
  result.scrollIntoView({ block: "start" });
}

async function read(file) {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  form.reset();
  if (file.size > Number(form.dataset.maxBytes)) {
    refuse(form.dataset.tooHeavy);
    return;
  }
  showPreview(file);
  status.textContent = "Reading the photo…";
  const body = new FormData();
  body.append(input.name, file, file.name || "pasted.png");
  try {
    const response = await fetch(form.action, { method: "POST", body, signal });
    showAnswer(await response.text());
  } catch (error) {
    if (!signal.aborted) {
      refuse("Mien could not be reached. See whether it is still running, then try again.");
    }
  }
}

function take(event, transfer) {
  const file = transfer?.files[0];
  if (file) {
    event.preventDefault();
    read(file);
  }
}

input.addEventListener("change", () => {
  if (input.files.length) read(input.files[0]);
});
document.addEventListener("paste", (event) => take(event, event.clipboardData));
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
  take(event, event.dataTransfer);
});
