// What was seen, to be kept as CSV: a row for each face and frame, with the columns of all tables.

import { described, faceValues, table } from "../table.js";

const MAX_ROWS = 100_000; // almost an hour of a face at 30 frames a second; then the oldest go

/**
 * Keep rows.
 *
 * @param {{columns: Array, uncertain_threshold: number, classes: string[]}} bundle
 * @returns {{add: Function, csv: () => string, size: number}}
 *   add(seconds, video, faces): the faces of a frame, {trackId, box, proba}, whose box is left,
 *   top, right, bottom in pixels
 */
export function createRecord({ columns, classes, uncertain_threshold: threshold }) {
  const rows = [];
  let frame = 0;
  let first;
  return {
    get size() {
      return rows.length;
    },
    add(seconds, video, faces) {
      first ??= seconds;
      frame += 1;
      const place = {
        image: "camera", image_width: video.videoWidth, image_height: video.videoHeight,
        frame, timestamp: seconds - first, face: 0, success: 0, reason: "no-face",
      };
      if (faces.length === 0) rows.push(place);
      for (const { trackId, box, proba } of faces) {
        const face = described(box, proba, classes);
        const values = faceValues(columns, face.box, face.confidences, threshold);
        rows.push({ ...place, ...values, face: trackId, reason: "" });
      }
      if (rows.length > MAX_ROWS) rows.splice(0, MAX_ROWS / 10);
    },
    csv: () => table(columns, rows),
  };
}
