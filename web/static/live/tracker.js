// Faces tracked from frame to frame, and what they show averaged over time.

import { corners, iou } from "./geometry.js";

const POINTS_TAU = 0.06; // seconds; longer trails behind a moving head

/**
 * Track faces.
 *
 * @param {{min_iou: number, max_age_s: number, tau: number}} tracking  as /live/bundle.json has it:
 *   least intersection over union of a face's boxes in two frames, seconds after which a lost
 *   face's track id is free, and those to average the confidences over
 * @returns {{smooth: boolean, follow: Function, settle: Function}}
 *   follow([{points}], seconds) gives [{trackId, points, proba}], one of each face in this frame;
 *   settle(faces, probas) brings in their new confidences. Exponential smoothing, that is weights
 *   exp(-age / tau), unless `smooth` is false.
 */
export function createTracker(tracking) {
  let known = [];
  const tracker = { smooth: true, follow, settle };

  function follow(found, seconds) {
    known = known.filter((face) => seconds - face.seconds < tracking.max_age_s);
    const boxes = found.map(({ points }) => corners(points));
    const taken = matched(boxes, known, tracking.min_iou);
    const faces = found.map(({ points }, i) => {
      const before = taken[i];
      const face = before ?? { trackId: freeId(known), points, proba: null, seconds };
      if (!before) known.push(face);
      face.elapsed = seconds - face.seconds;
      face.points = blend(face.points, points, share(face.elapsed, POINTS_TAU));
      return Object.assign(face, { box: boxes[i], seconds });
    });
    return faces.sort((one, other) => one.trackId - other.trackId);
  }

  function settle(faces, probas) {
    faces.forEach((face, i) => {
      face.proba = blend(face.proba ?? probas[i], probas[i], share(face.elapsed, tracking.tau));
    });
  }

  function share(elapsed, tau) {
    return tracker.smooth ? 1 - Math.exp(-elapsed / tau) : 1;
  }

  return tracker;
}

/** For each box the known face that it continues, the closest pairs first, or undefined. */
function matched(boxes, known, minIou) {
  const pairs = boxes.flatMap((box, i) =>
    known.map((face) => ({ i, face, shared: iou(box, face.box) })),
  );
  const taken = [];
  for (const { i, face, shared } of pairs.sort((a, b) => b.shared - a.shared)) {
    if (shared >= minIou && !taken[i] && !taken.includes(face)) taken[i] = face;
  }
  return taken;
}

function freeId(known) {
  let id = 1;
  while (known.some(({ trackId }) => trackId === id)) id++;
  return id;
}

function blend(old, now, weight) {
  return now.map((value, i) => old[i] + weight * (value - old[i]));
}
