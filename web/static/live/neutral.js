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
export function neutralShift(probas, classes, { weight, odds, rest }) {
  const floor = weight > 1 ? (-rest * weight * Math.log(odds)) / (weight - 1) : -Infinity;
  return classes.map((name, k) => {
    const mean = probas.reduce((sum, proba) => sum + log(softmax(log(proba)))[k], 0) / probas.length;
    return weight * (name === "neutral" ? Math.log(odds) - mean : -Math.max(mean, floor));
  });
}

/** Confidences whose logarithms are moved, then scaled. */
export function shifted(proba, shift, scale) {
  return softmax(log(proba).map((logit, k) => scale * (logit + shift[k])));
}

/**
 * Remember the neutral face of each tracked one.
 *
 * @param {string[]} classes  with "neutral" among them
 * @param {{weight: number, odds: number, rest: number, scale: number}} relative  as in shifts.py
 * @returns {{read: Function, toggle: Function, has: Function}}
 *   read(trackId, proba) gives the confidences, relative to the neutral face if there is one;
 *   toggle(trackId) takes the face of the last frames for the neutral one, or forgets it
 */
export function createNeutral(classes, relative) {
  const seen = new Map();
  const shifts = new Map();
  return {
    has: (trackId) => shifts.has(trackId),
    read(trackId, proba) {
      seen.set(trackId, [...(seen.get(trackId) ?? []).slice(1 - FRAMES), proba]);
      return shifts.has(trackId) ? shifted(proba, shifts.get(trackId), relative.scale) : proba;
    },
    toggle(trackId) {
      if (shifts.delete(trackId)) return;
      shifts.set(trackId, neutralShift(seen.get(trackId), classes, relative));
    },
  };
}
