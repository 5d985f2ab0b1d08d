// What was seen, to be kept as CSV: one row a face and frame.

import { csv } from "../files.js";

const MAX_ROWS = 100_000; // almost an hour of a face at 30 frames a second; then the oldest go

/**
 * Keep rows.
 *
 * @param {string[]} classes
 * @returns {{add: Function, csv: () => string, size: number}}
 *   add(Date, {trackId, box, proba}): the box is left, top, right, bottom in pixels
 */
export function createRecord(classes) {
  const head = ["timestamp", "face", "left", "top", "width", "height", ...classes];
  const rows = [];
  return {
    get size() {
      return rows.length;
    },
    add(date, { trackId, box, proba }) {
      const [left, top, right, bottom] = box.map(Math.round);
      const shares = Array.from(proba, (share) => Number(share.toFixed(4)));
      rows.push([date.toISOString(), trackId, left, top, right - left, bottom - top, ...shares]);
      if (rows.length > MAX_ROWS) rows.splice(0, MAX_ROWS / 10);
    },
    csv: () => csv([head, ...rows]),
  };
}
