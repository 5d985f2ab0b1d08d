// The mesh and the served bundle's classifier, loaded once for all parts of the tab.

import { openClassifier } from "./classifier.js";
import { openMesh } from "./mesh.js";

export const MAX_FACES = 10; // in a picture

let opening = null;

/**
 * Load what reads faces.
 *
 * @returns {Promise<{bundle: object, mesh: object, classifier: object}>}
 *   what /live/bundle.json says, and what openMesh and openClassifier give
 */
export function openEngine() {
  opening ??= load().catch((error) => {
    opening = null; // the next click tries again
    throw error;
  });
  return opening;
}

/** Let go of a mesh that failed while it ran, so that the next click starts a new one. */
export function closeEngine() {
  opening?.then(({ mesh }) => mesh.close());
  opening = null;
}

async function load() {
  const response = await fetch("/live/bundle.json");
  if (!response.ok) throw new Error(`/live/bundle.json answered ${response.status}`);
  const bundle = await response.json();
  const [mesh, classifier] = await Promise.all([
    openMesh({ faces: MAX_FACES }),
    openClassifier("/live/model.onnx", bundle),
  ]);
  return { bundle, mesh, classifier };
}
