// Faces followed from frame to frame, and what they show averaged over time.

import { corners, overlap } from "./geometry.js";

const SAME_FACE = 0.4; // least overlap of a face's boxes in two frames
const FORGOTTEN = 1; // seconds after which a lost face's number is free
const POINTS_TAU = 0.06; // seconds; longer trails behind a moving head
const PROBA_TAU = 0.35;

/**
 * Follow faces.
 *
 * @returns {{smooth: boolean, follow: Function, settle: Function}}
 *   follow([{points}], seconds) gives [{number, points, proba}], one of each face in this frame;
 *   settle(faces, probas) brings in their new confidences. Exponential smoothing, that is weights
 *   exp(-age / tau), unless `smooth` is false.
 */
export function createTracker() {
  let known = [];
  const tracker = { smooth: true, follow, settle };

  function follow(found, seconds) {
    known = known.filter((face) => seconds - face.seconds < FORGOTTEN);
    const boxes = found.map(({ points }) => corners(points));
    const taken = matched(boxes, known);
    const faces = found.map(({ points }, i) => {
      const before = taken[i];
      const face = before ?? { number: freeNumber(known), points, proba: null, seconds };
      if (!before) known.push(face);
      face.elapsed = seconds - face.seconds;
      face.points = blend(face.points, points, share(face.elapsed, POINTS_TAU));
      return Object.assign(face, { box: boxes[i], seconds });
    });
    return faces.sort((one, other) => one.number - other.number);
  }

  function settle(faces, probas) {
    faces.forEach((face, i) => {
      face.proba = blend(face.proba ?? probas[i], probas[i], share(face.elapsed, PROBA_TAU));
    });
  }

  function share(elapsed, tau) {
    return tracker.smooth ? 1 - Math.exp(-elapsed / tau) : 1;
  }

  return tracker;
}

/** For each box the known face that it continues, the closest pairs first, or undefined. */
function matched(boxes, known) {
  const pairs = boxes.flatMap((box, i) =>
    known.map((face) => ({ i, face, shared: overlap(box, face.box) })),
  );
  const taken = [];
  for (const { i, face, shared } of pairs.sort((a, b) => b.shared - a.shared)) {
    if (shared > SAME_FACE && !taken[i] && !taken.includes(face)) taken[i] = face;
  }
  return taken;
}

function freeNumber(known) {
  let number = 1;
  while (known.some((face) => face.number === number)) number++;
  return number;
}

function blend(old, now, weight) {
  return now.map((value, i) => old[i] + weight * (value - old[i]));
}
