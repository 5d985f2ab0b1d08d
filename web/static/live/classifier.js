// A bundle's own ONNX file in the browser: what classifiers/inference/predictor.py does.

import * as ort from "/vendor/onnxruntime-web/dist/ort.wasm.bundle.min.mjs";
import { faceCrop } from "./face-crop.js";
import { POINTS, mirrored } from "./geometry.js";

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = {
  wasm: "/vendor/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm",
};

/**
 * Load a model.
 *
 * @param {string|ArrayBuffer|Uint8Array} model  address or content of the ONNX file
 * @param {{classes: string[], mirror: number[], uncertain_threshold: number, crop: object|null}}
 *   manifest  as /live/bundle.json has it; a model with a crop takes pixels, too
 * @returns {Promise<{classes: string[], threshold: number, predict: Function}>}
 *   predict([points], picture): a Float32Array of confidences a face of an ImageData, in the order
 *   of the classes, averaged over the face and its mirror image; below `threshold` the largest one is uncertain.
 */
export async function openClassifier(model, manifest) {
  const { classes, mirror, crop } = manifest;
  const content = typeof model === "string" ? await fetched(model) : new Uint8Array(model);
  const session = await ort.InferenceSession.create(content, { executionProviders: ["wasm"] });

  async function predict(faces, picture) {
    if (faces.length === 0) return [];
    const both = [...faces, ...faces.map((points) => mirrored(points, mirror))];
    const values = new Float32Array(both.length * POINTS * 3);
    both.forEach((points, i) => values.set(points, i * POINTS * 3));
    const inputs = { points: new ort.Tensor("float32", values, [both.length, POINTS, 3]) };
    if (crop) Object.assign(inputs, pixelInputs(faces, picture, crop));
    const { data } = (await session.run(inputs)).proba;
    return faces.map((_, i) => mean(data, classes.length, i, i + faces.length));
  }

  return { classes, threshold: manifest.uncertain_threshold, predict };
}

/** The crops of the faces and of their mirror images; all have points. */
function pixelInputs(faces, picture, crop) {
  const { side } = crop;
  const length = 2 * faces.length;
  const values = new Uint8Array(length * side * side);
  faces.forEach((points, i) => {
    const pixels = faceCrop(picture, points, crop);
    values.set(pixels, i * pixels.length);
    for (let row = 0; row < side; row++) {
      const line = pixels.slice(row * side, (row + 1) * side).reverse();
      values.set(line, (faces.length + i) * pixels.length + row * side);
    }
  });
  return {
    crops: new ort.Tensor("uint8", values, [length, side, side]),
    has_points: new ort.Tensor("float32", new Float32Array(length).fill(1), [length]),
  };
}

async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function mean(proba, width, one, other) {
  const row = new Float32Array(width);
  for (let k = 0; k < width; k++) row[k] = (proba[one * width + k] + proba[other * width + k]) / 2;
  return row;
}
