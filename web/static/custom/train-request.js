// What POST /api/teach answers: a zip with a bundle and a feature table.

import { strFromU8, unzipSync } from "/vendor/fflate/esm/browser.js";
import { words } from "../words.js";
import { openClassifier } from "../live/classifier.js";

/** An answer that is no classifier; `message` is a sentence for the visitor. */
export class TrainingError extends Error {}

/**
 * Train a classifier on a dataset.
 *
 * @param {FormData} form  from createDataset
 * @param {number[]} mirror  the mesh's mirror permutation
 * @returns {Promise<{zip: Uint8Array, csv: string, classifier: object, accuracy: number,
 *   held: number, confusion: number[][]}>}
 *   the whole zip; its table as one CSV; what openClassifier gives; how many of the held-out faces
 *   it named rightly, and how many of each class, a row each, it named as each
 */
export async function requestTraining(form, mirror) {
  const response = await fetch("/api/teach", { method: "POST", body: form }).catch(() => null);
  if (!response?.ok) {
    const problem = await response?.json().catch(() => null);
    throw new TrainingError(problem?.detail ?? words.teach.unreachable);
  }
  const zip = new Uint8Array(await response.arrayBuffer());
  const files = unzipSync(zip);
  const manifest = JSON.parse(strFromU8(files["model/manifest.json"]));
  return {
    zip,
    csv: table(files),
    classifier: await openClassifier(files["model/model.onnx"], { ...manifest, mirror }),
    accuracy: manifest.metrics.accuracy,
    held: manifest.data.n_validation,
    confusion: JSON.parse(strFromU8(files["model/validation_metrics.json"])).confusion,
  };
}

/** The CSVs of all expressions as one: they share their first line. */
function table(files) {
  const names = Object.keys(files).filter((name) => /^features\/.*\.csv$/.test(name));
  const texts = names.map((name) => strFromU8(files[name]));
  return texts.map((text, i) => (i ? text.slice(text.indexOf("\n") + 1) : text)).join("");
}
