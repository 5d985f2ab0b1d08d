// Confidences relative to a person's own neutral face: classifiers/inference/shifts.py in the browser.

const MIN_CONFIDENCE = 1e-12; // keeps the logarithm finite
const FRAMES = 10; // whose mean is the neutral face

const log = (proba) => Array.from(proba, (share) => Math.log(Math.max(share, MIN_CONFIDENCE)));

function softmax(logits) {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((one, other) => one + other);
  return Float32Array.from(powers, (power) => power / sum);
}

/** What has to be added to the logarithms of a person's confidences. */
export function neutralShift(probas, classes, confidence) {
  const other = (1 - confidence) / (classes.length - 1);
  return classes.map((name, k) => {
    const mean = probas.reduce((sum, proba) => sum + log(softmax(log(proba)))[k], 0) / probas.length;
    return Math.log(name === "neutral" ? confidence : other) - mean;
  });
}

/** Confidences whose logarithms are moved. */
export function shifted(proba, shift) {
  return softmax(log(proba).map((logit, k) => logit + shift[k]));
}

/**
 * Remember the neutral face of each tracked one.
 *
 * @param {string[]} classes  with "neutral" among them
 * @param {number} confidence  in neutral that a person's neutral face gets
 * @returns {{read: Function, toggle: Function, has: Function}}
 *   read(trackId, proba) gives the confidences, relative to the neutral face if there is one;
 *   toggle(trackId) takes the face of the last frames for the neutral one, or forgets it
 */
export function createNeutral(classes, confidence) {
  const seen = new Map();
  const shifts = new Map();
  return {
    has: (trackId) => shifts.has(trackId),
    read(trackId, proba) {
      seen.set(trackId, [...(seen.get(trackId) ?? []).slice(1 - FRAMES), proba]);
      return shifts.has(trackId) ? shifted(proba, shifts.get(trackId)) : proba;
    },
    toggle(trackId) {
      if (shifts.delete(trackId)) return;
      shifts.set(trackId, neutralShift(seen.get(trackId), classes, confidence));
    },
  };
}
