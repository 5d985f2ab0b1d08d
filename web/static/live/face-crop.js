// The crop of a face that a model of pixels takes: landmarks/face_crop.py in the browser.

import { POINTS, centre } from "./geometry.js";
import { squareCut } from "./resample.js";

/**
 * Cut a face out, moved, turned and scaled to its fixed place.
 *
 * @param {ImageData} picture
 * @param {Float32Array} points  in pixels of the picture
 * @param {{side: number, radius: number, above: number, mean_face: number[][]}} crop
 *   as /live/bundle.json has it
 * @returns {Uint8Array}  grey, side * side; beyond the picture its edge is continued
 */
export function faceCrop(picture, points, crop) {
  const { a, b, x, y } = placeOf(points, crop);
  const { data } = squareCut(picture, { a, b, x, y }, crop.side, true);
  return Uint8Array.from({ length: crop.side ** 2 }, (_, i) => {
    const [red, green, blue] = data.subarray(4 * i, 4 * i + 3);
    return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  });
}

/** The similarity of least squares (Umeyama 1991) from a crop to the picture, as in resample.js. */
function placeOf(points, { side, radius, above, mean_face: meanFace }) {
  const [cx, cy] = centre(points);
  let [real, imaginary, squares] = [0, 0, 0];
  for (let i = 0; i < POINTS; i++) {
    const [x, y] = [points[3 * i] - cx, points[3 * i + 1] - cy];
    const [u, v] = meanFace[i];
    real += x * u + y * v;
    imaginary += x * v - y * u;
    squares += x * x + y * y;
  }
  // Pixels of the picture a radius of the mean face: 1 / (real + i imaginary) * squares.
  const size = real ** 2 + imaginary ** 2;
  const [p, q] = [(squares * real) / size, (-squares * imaginary) / size];
  const [a, b] = [p / radius, q / radius];
  const half = side / 2;
  // The middle lies so many radii above the points': -i above (p + i q) = above (q - i p).
  const [mx, my] = [cx + above * q, cy - above * p];
  return { a, b, x: mx - (a - b) * half, y: my - (a + b) * half };
}
