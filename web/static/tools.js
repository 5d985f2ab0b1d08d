// Copies and saves readings: JSON as the API gives it, CSV with a row for each face, PNG.
import { annotated } from "./annotated.js";
import { save } from "./files.js";
import { photoRows, table } from "./table.js";
import { say, words } from "./words.js";

function elements(scope) {
  return [...scope.querySelectorAll("script.element")].map((node) => JSON.parse(node.textContent));
}

function stem(images) {
  return images.length === 1 ? images[0].image.replace(/\.\w+$/, "") || "photo" : "photos";
}

async function json(scope) {
  const images = elements(scope);
  const text = JSON.stringify(scope.matches("li") ? images[0] : { images }, null, 2);
  try {
    await navigator.clipboard.writeText(text);
    return words.copied;
  } catch {
    // Refused by the browser, or missing: it is there on https and on this machine alone.
    const name = `${stem(images)}.json`;
    save(text, "application/json", name);
    return say(words.not_copied, { name });
  }
}

async function png(scope) {
  const name = `${stem(elements(scope))}-mien.png`;
  save(await annotated(scope.querySelector("svg.photo"), scope.querySelector(".mesh").checked), "image/png", name);
  return say(words.saved, { name });
}

/** The elements of all photos in their order, also of those that weren't read. */
function outcomes(scope) {
  return [...scope.querySelectorAll("script.element, .card .error")].map((node) => {
    if (node.matches("script")) return JSON.parse(node.textContent);
    const card = node.closest(".card");
    const image = card.querySelector(".file").textContent;
    return { image, faces: [], reason: card.dataset.reason || "failed" };
  });
}

async function sheet(scope) {
  const images = outcomes(scope);
  const name = `${stem(images)}.csv`;
  const columns = await (await fetch("/columns.json")).json();
  save(table(columns, photoRows(columns, images)), "text/csv", name);
  return say(words.saved, { name });
}

const TOOLS = { json, png, csv: sheet };

/**
 * Let the buttons in root work on their own reading, or on all where they stand above the list;
 * tell(sentence) hears how it went.
 */
export function offerTools(root, tell) {
  root.addEventListener("click", async (event) => {
    const { tool } = event.target.closest("[data-tool]")?.dataset ?? {};
    if (tool) tell(await TOOLS[tool](event.target.closest("li") ?? root));
  });
}
