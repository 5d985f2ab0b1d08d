// One table for the page and the tab Live: the columns of docs/csv-schema.md.

import { csv } from "./files.js";

/**
 * Rows as CSV.
 *
 * @param {[string, number|null][]} columns  name and decimals, null for what has none
 * @param {object[]} rows  values by column; what is missing or null is empty
 */
export function table(columns, rows) {
  const cells = rows.map((row) => columns.map(([name]) => row[name] ?? ""));
  return csv([columns.map(([name]) => name), ...cells], columns.map(([, decimals]) => decimals));
}

/** A face of the browser's as the API describes one; its box is left, top, right and bottom. */
export function described(box, proba, classes) {
  const [left, top, right, bottom] = box.map(Math.round);
  const confidences = Object.fromEntries(classes.map((name, k) => [name, proba[k]]));
  return { box: [left, top, right - left, bottom - top], confidences };
}

/** The values of a face: its box, its expression and the confidence of each class. */
export function faceValues(columns, [x, y, width, height], confidences, threshold) {
  const names = new Set(columns.map(([name]) => name));
  const row = { success: 1, x, y, width, height };
  for (const [name, confidence] of Object.entries(confidences)) {
    row[names.has(`class_${name}`) ? `class_${name}` : name] = confidence;
    if (confidence > (row.expression_confidence ?? -1)) {
      Object.assign(row, { expression: name, expression_confidence: confidence });
    }
  }
  row.uncertain = row.expression_confidence < threshold;
  return row;
}

/** The rows of photos, of the elements that the API answers with; the browser's have no quality. */
export function photoRows(columns, images) {
  return images.flatMap(({ image, width, height, faces, reason }) => {
    const place = { image, image_width: width, image_height: height, face: 0, success: 0, reason };
    if (faces.length === 0) return [place];
    return faces.map(({ box, confidences, uncertain, quality, measures }, i) => {
      const clipped = quality?.clipped_box;
      const sides = ["x", "y", "width", "height"].map((side, k) => [`clipped_${side}`, clipped?.[k]]);
      return {
        ...place, ...faceValues(columns, box, confidences), ...quality, ...measures,
        ...Object.fromEntries(sides), face: i + 1, uncertain,
      };
    });
  });
}
